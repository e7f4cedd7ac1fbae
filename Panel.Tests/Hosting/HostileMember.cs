extern alias agent;

using System.Globalization;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>What one member may try: with files, as themselves, and with what Panel is told about the account. The same seed, the same edits.</summary>
public sealed class HostileMember(int seed, string tree, string key)
{
    public const string Handle = "mallory";
    public const int Uid = 290_400;

    private static readonly string[] Places = ["home", "private", "tmp", "sessions", "sites/web/public", "sites/app/public", "sites/web/public/deep", "home/.plan", "private/web"];
    private static readonly string[] Names =
        ["index.html", "index.php", ".user.ini", ".htaccess", "404.html", "500.html", ".plan", ".project", "start", "-rf", "a b", "$(id)", "`id`", "x\\n", "ünï", "%00", "..x", "tls.crt", "php.sock", "suspended", ".well-known", "*"];

    private static readonly string[] Targets =
        ["/etc/shadow", "/", "..", "../../../..", "/dev/zero", "/dev/stdin", "/proc/self/root", "/srv", "/run", ".", "self", "/srv/panel", "../neighbour/sites/web/public/index.html"];

    private static readonly string[] Domains =
        ["neighbour.example", "web.neighbour.localhost", "_default", "..", "a/b", "A.example", "xn--a.example", "", "a\nb.example", "a.example;", "*.example", "mallory.example", "www.mallory.example", "localhost", new string('a', 70) + ".example"];

    private readonly Random random = new(seed);

    /// <summary>One line of the member's own shell.</summary>
    public string File()
    {
        var (place, name, other) = ($"{tree}/{One(Places)}", Quote(One(Names)), Quote(One(Names)));
        var at = $"{place}/{name}";
        return random.Next(18) switch
        {
            0 => $"ln -sfn {Quote(One(Targets))} {at}",
            1 => $"ln -f {place}/{other} {at}",
            2 => $"mkfifo -m 666 {at}",
            3 => $"rm -rf {at}; mkdir -p {at}",
            4 => $"mv -f {place}/{other} {at}",
            5 => $"chmod {One(["000", "777", "4755", "2777", "600", "444"])} {at} {place}",
            6 => $"truncate -s {random.NextInt64(1L << 40)} {at}",
            7 => $"head -c {random.Next(2 << 20)} /dev/urandom | dd of={at} oflag=nonblock conv=notrunc status=none",
            8 => $"p={place}; for i in $(seq {random.Next(60)}); do p=$p/d; done; mkdir -p $p",
            9 => $"mv {tree}/sites/web/public {tree}/sites/web/gone; mv {tree}/sites {tree}/s2; rm -rf {tree}/sites/web",
            10 => $"rm -rf {place}; ln -s /etc {place}",
            11 => $"printf 'auto_prepend_file=/etc/passwd\\nopen_basedir=/\\nsendmail_path=/bin/sh\\n' | dd of={at} oflag=nonblock conv=notrunc status=none",
            12 => $"printf '<?php while (true) {{ echo str_repeat(\"x\", 1000); }}' | dd of={at} oflag=nonblock conv=notrunc status=none",
            13 => $"for i in $(seq {random.Next(300)}); do : > {place}/n$i; done",
            14 => $"mkdir -p {place}/swap1 {place}/swap2; (for i in 1 2 3 4 5 6 7 8 9; do mv -T {place}/swap1 {place}/s; mv -T {place}/swap2 {place}/swap1; mv -T {place}/s {place}/swap2; done) &",
            15 => $"btrfs subvolume create {at}",
            16 => $"setfacl -m u:290401:rwx {at}; touch -d '1901-01-01' {at}",
            _ => $"nc -lU {at} & sleep 0.01; kill $!",
        };
    }

    /// <summary>What Panel says of the account: even what no honest Panel would ever say.</summary>
    public AccountState State()
    {
        var sites = Enumerable.Range(0, random.Next(4)).Select(_ => new SiteState(
            One(["web", "app", "one", "web", "..", "A", "a/b", "", "-x"]), (SiteKind)random.Next(4), $"{One(["web", "app", "one"])}.{One([Handle, Handle, "neighbour"])}.localhost",
            [.. Some(Domains, 4)], One<string?>([null, null, "8.2", "7.4", "../8.2"]), random.Next(2) == 0, One<string?>([null, null, .. Domains])));
        var tasks = Enumerable.Range(0, random.Next(3)).Select(_ => new TaskState(One(["job", "job", "a b", ".."]), One(["every 1m", "daily@04:00", "* * * * *", "1m", ""]), [One(["true", "/bin/sh", "", "-c"]), One(["\n", "$(id)", ""])], random.Next(-5, 100)));
        return Account(Handle, One([Uid, Uid, Uid, Uid, Uid, 0, 33, 290_401]), key, [.. sites.Append(Site(Handle, "web", SiteKind.Php)).Append(Site(Handle, "app"))]) with
        {
            Status = random.Next(8) == 0 ? AccountStatus.Suspended : AccountStatus.Active,
            DiskLimitBytes = One<long?>([40L << 20, 40L << 20, 50L << 20, -1, 0]),
            Keys = [new KeyState(1, key), .. Some(["command=\"id\" ssh-ed25519 AAAA", "ssh-ed25519 AAAA\nssh-rsa BBBB", ""], 2).Select((k, i) => new KeyState(i + 2, k))],
            Tasks = [.. tasks],
            Home = One<HomeState?>([null, new HomeState(new HomeFile($"plan {random.Next()}\n", ""), null)]),
        };
    }

    public bool Chance(int of) => random.Next(of) == 0;

    private T One<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];

    private List<T> Some<T>(IReadOnlyList<T> of, int most) => Enumerable.Range(0, random.Next(most)).Select(_ => One(of)).ToList();

    private static string Quote(string word) => string.Create(CultureInfo.InvariantCulture, $"'{word}'");
}
