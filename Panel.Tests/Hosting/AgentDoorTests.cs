extern alias agent;

using System.Text.RegularExpressions;
using agent::Panel.Agent;
using agent::Panel.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>Class 13 for root's code: where it connects to, which programs it starts, and from where their addresses come.</summary>
public sealed partial class AgentDoorTests
{
    private static readonly string Folder = Path.Combine(EndToEnd.House.Root, "infra", "agent");

    [Fact]
    public void Class_13_root_knocks_at_no_door_but_these()
    {
        string[] ways =
        [
            "new Socket(", "TcpClient", "UdpClient", "HttpClient", "HttpMessageInvoker", "SslStream", "QuicConnection", "NamedPipeClientStream", "WebRequest", "SmtpClient", "FtpWebRequest", "ClientWebSocket", "Dns.",
            "ConnectAsync(", ".Connect(", "DownloadString", "PingReply", "new Ping",
        ];
        Assert.Equal(
            [
                "AgentLink.cs: HttpClient ConnectAsync( new Socket(", // Panel on this machine: its Unix socket, whose owner must be Panel's user.
                "PhpMaster.cs: new Socket(", // Listens for a member's php or program in a directory of root's; connects to nobody.
                "Ports.cs: new Socket(", // Binds to see whether a port is free.
                "RemoteLink.cs: HttpClient SslStream ConnectAsync( new Socket(", // Panel on another machine: the enrolment line of an admin, and the key it names.
                "WebServer.cs: HttpClient", // The probe: 127.0.0.1 and our own port; the name goes as Host only.
            ],
            Sources().Select(f => (Name: Path.GetFileName(f), Found: ways.Where(File.ReadAllText(f).Contains).ToList())).Where(f => f.Found.Count > 0)
                .Select(f => $"{f.Name}: {string.Join(' ', f.Found.OrderBy(w => Array.IndexOf(Order, w)))}"));
    }

    [Fact]
    public void Class_13_root_starts_no_programs_but_these()
    {
        // Those that connect: lego (the authority of Hosting__Acme__Directory), mariadb, mariadb-dump, psql and pg_dump (Unix sockets in a directory of
        // root's), restic (a repository in a folder). All others read and write files, or listen.
        Assert.Equal(
            "bin/cat sbin/nginx sbin/php-fpm sbin/setquota sbin/sshd sbin/start-stop-daemon sbin/mariadbd bin/chmod bin/dd bin/env bin/find bin/grep bin/lego bin/mariadb bin/mariadb-dump bin/mariadb-install-db "
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Concat("bin/mkdir bin/pg_dump bin/prlimit bin/psql bin/restic bin/rm bin/setpriv bin/sha256sum bin/tar bin/unshare bin/xargs".Split(' ')).Order(StringComparer.Ordinal),
            Sources().SelectMany(f => Program().Matches(File.ReadAllText(f))).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(["Commands.cs", "Spawn.cs"], Sources().Where(f => Starts().IsMatch(File.ReadAllText(f))).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public void Class_13_nothing_that_a_member_says_names_an_address_a_hook_or_a_socket()
    {
        // What the agent is told of a site, of a task and of a key: none of it is an address, a path or an option. A name is checked by the grammar below.
        Assert.Equal("Name Kind Address Domains PhpVersion HttpsOnly Canonical", string.Join(' ', typeof(SiteState).GetProperties().Select(p => p.Name).Where(n => n != "EqualityContract")));

        // The authority, its roots, the hook and the resolver come from the environment of root's own process and from nowhere else.
        Assert.Equal(["AgentOptions.cs"], Sources().Where(f => File.ReadAllText(f).Contains("new AcmeOptions(", StringComparison.Ordinal)).Select(f => Path.GetFileName(f)));
        foreach (var (key, value, expected) in new[]
        {
            ("Hosting__Acme__Directory", "http://127.0.0.1/dir", "expected the https address"),
            ("Hosting__Acme__Directory", "file:///etc/passwd", "expected the https address"),
            ("Hosting__Acme__DnsHook", "hook; id", "expected the whole path of a file"),
            ("Hosting__Acme__CaFile", "../ca.pem", "expected the whole path of a file"),
        })
        {
            var settings = new Dictionary<string, string> { ["Panel__Data"] = "/srv/data", ["Hosting__Acme__Directory"] = "https://ca.example/dir", ["Hosting__Acme__Email"] = "a@b.example", [key] = value };
            Assert.Contains(expected, Assert.Throws<ArgumentException>(() => AgentOptions.Read([], settings.GetValueOrDefault)).Message, StringComparison.Ordinal);
        }

        // nginx hands on to two kinds of Unix sockets only, both in root's directories.
        var conf = NginxConf.Render(new Layout("/srv/panel/00000000", "/run/panel/host-00000000") { Listen = ["127.0.0.1"] }, new Ports(80, 443, 22));
        Assert.Equal(["unix:$vhost/php.sock", "http://unix:$vhost/app.sock:$request_uri"], Passes().Matches(conf).Select(m => m.Groups[1].Value).Distinct());
        Assert.DoesNotContain("resolver ", conf, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("a.example/../b")]
    [InlineData("a.example:8080")]
    [InlineData("user@a.example")]
    [InlineData("-server")]
    [InlineData("--dns.resolvers")]
    [InlineData("a.example\nb")]
    [InlineData("$(id).example")]
    [InlineData("[::1]")]
    [InlineData("")]
    public void Class_13_what_is_no_name_is_never_ordered_or_served(string name) => Assert.False(Grammar.IsServed(name));

    private static readonly string[] Order = ["HttpClient", "SslStream", "ConnectAsync(", "new Socket("];

    private static IEnumerable<string> Sources() => Directory.EnumerateFiles(Folder, "*.cs").Order(StringComparer.Ordinal);

    [GeneratedRegex("\"/(?:usr/)?(s?bin/[a-z0-9._-]+)")]
    private static partial Regex Program();

    [GeneratedRegex(@"Process\.Start\(|execve|posix_spawn|\bfork\(")]
    private static partial Regex Starts();

    [GeneratedRegex(@"(?:proxy_pass|fastcgi_pass|uwsgi_pass|scgi_pass|grpc_pass|memcached_pass)\s+([^; ]+);")]
    private static partial Regex Passes();
}
