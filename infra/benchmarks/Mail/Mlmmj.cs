using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Panel.Bench.Mail;

/// <summary>Debian's mlmmj with one list, sending into smtp-sink in a network namespace of their own, so that its loopback can be told
/// to acknowledge at once. The package wants a mail server of its own, so it is unpacked and not installed.</summary>
internal sealed class Mlmmj : IAsyncDisposable
{
    private const int Port = 2525;
    private static readonly string Unpacked = Path.Combine(AppContext.BaseDirectory, "peers-mail");
    private readonly string folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
    private readonly List<Process> running = [];

    private string[] Inside => ["--target", running[0].Id.ToString(CultureInfo.InvariantCulture), "--net"];

    /// <summary>Fetches and unpacks the package once; null, or why not.</summary>
    public static string? Unpack()
    {
        if (File.Exists(Path.Combine(Unpacked, "usr/bin/mlmmj-send")))
        {
            return null;
        }

        var fetched = Directory.CreateTempSubdirectory("panel-bench-").FullName;
        try
        {
            return !Run("apt-get", ["-q", "download", "mlmmj"], fetched) ? "apt-get could not download mlmmj"
                : Run("dpkg", ["-x", Directory.EnumerateFiles(fetched, "*.deb").First(), Unpacked], fetched) ? null : "dpkg could not unpack mlmmj";
        }
        finally
        {
            Directory.Delete(fetched, recursive: true);
        }
    }

    public static async Task<Mlmmj> StartAsync(bool quick)
    {
        var mlmmj = new Mlmmj();
        mlmmj.running.Add(Start("unshare", "--net", "--", "sleep", "infinity"));
        while (new FileInfo($"/proc/{mlmmj.running[0].Id}/ns/net").LinkTarget == new FileInfo("/proc/self/ns/net").LinkTarget)
        {
            await Task.Delay(10);
        }

        mlmmj.Enter("ip", "link", "set", "lo", "up");
        foreach (var range in quick ? ["127.0.0.1", "127.0.0.0/8"] : Array.Empty<string>())
        {
            mlmmj.Enter("ip", "route", "change", "local", range, "dev", "lo", "proto", "kernel", "scope", "host", "src", "127.0.0.1", "table", "local", "quickack", "1");
        }

        mlmmj.running.Add(Start("nsenter", [.. mlmmj.Inside, "--", "smtp-sink", "-u", "nobody", $"127.0.0.1:{Port}", "1024"]));
        while (!Try("nsenter", [.. mlmmj.Inside, "--", "smtp-source", $"127.0.0.1:{Port}"]))
        {
            await Task.Delay(50);
        }

        return mlmmj;
    }

    /// <summary>One letter of about <paramref name="size"/> bytes to so many people.</summary>
    public async Task<TimeSpan> SendAsync(int people, int size)
    {
        var list = Path.Combine(folder, "list");
        if (Directory.Exists(list))
        {
            Directory.Delete(list, recursive: true);
        }

        foreach (var part in new[] { "control", "queue/discarded", "archive", "text", "bounce", "subscribers.d", "digesters.d", "nomailsubs.d", "subconf", "unsubconf", "moderation", "requeue", "incoming" })
        {
            Directory.CreateDirectory(Path.Combine(list, part));
        }

        foreach (var (name, value) in new[] { ("listaddress", "letters@bench.example"), ("relayhost", "127.0.0.1"), ("smtpport", $"{Port}"), ("delimiter", "+") })
        {
            await File.WriteAllTextAsync(Path.Combine(list, "control", name), $"{value}\n");
        }

        await File.WriteAllLinesAsync(Path.Combine(list, "subscribers.d/p"), Enumerable.Range(0, people).Select(n => $"p{n}@d{n % 50}.example"));
        var letter = new StringBuilder("From: Bench <a@bench.example>\nTo: letters@bench.example\nSubject: Hello\n\n");
        while (letter.Length < size)
        {
            letter.Append("Dear friend, here is what happened in the studio this month.\n");
        }

        var mail = Path.Combine(list, "queue/letter");
        await File.WriteAllTextAsync(mail, letter.ToString());
        var clock = Stopwatch.StartNew();
        using var sending = Start("nsenter", [.. Inside, "--", Path.Combine(Unpacked, "usr/bin/mlmmj-send"), "-L", list, "-m", mail]);
        await sending.WaitForExitAsync();
        return sending.ExitCode == 0 && !Directory.EnumerateFiles(Path.Combine(list, "requeue"), "*", SearchOption.AllDirectories).Any()
            ? clock.Elapsed : throw new InvalidOperationException("mlmmj did not send to everybody");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(running))
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private void Enter(params string[] command)
    {
        if (!Run("nsenter", [.. Inside, "--", .. command], folder))
        {
            throw new InvalidOperationException($"no network namespace with {string.Join(' ', command)}");
        }
    }

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments))!;

    private static bool Try(string program, string[] arguments) => Run(program, arguments, "/");

    private static bool Run(string program, string[] arguments, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
