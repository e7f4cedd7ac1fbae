using System.Security.Cryptography;
using System.Text;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The members' own <c>~/.plan</c> and <c>~/.project</c>: read when they change, written when Panel's text has changed and
/// theirs has not. Root looks at names and times only; every byte is read and written by a child that runs as the member.</summary>
internal sealed class HomeFiles(Layout layout, Action<string> log)
{
    /// <summary>Bytes of a file that are read; a larger one is told as too large.</summary>
    private const int Most = 64 * 1024;

    private static readonly string[] Names = ["plan", "project"];
    private static readonly Encoding Bytes = Encoding.Latin1;

    private readonly Dictionary<(string Handle, string File), (string Stamp, string Hash)> told = [];
    private readonly Dictionary<(string Handle, string File), string> failed = [];

    /// <summary>Looks every second, beside the passes: what changed is told, and then what Panel wants is written.</summary>
    public async Task RunAsync(Func<IEnumerable<AccountState>> accounts, Func<IReadOnlyList<HomeReport>, Task<bool>> tell, TimeProvider time, CancellationToken ct)
    {
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (await second.WaitForNextTickAsync(ct))
        {
            try
            {
                // A child takes milliseconds; nobody else waits for it.
                var news = await Task.Run(() => Each(accounts(), Look).OfType<News>().ToList(), ct);
                if (news.Count == 0 || await tell([.. news.Select(n => n.Report)]))
                {
                    news.ForEach(n => told[(n.Report.Handle, n.Report.File)] = (n.Stamp, n.Hash));
                    await Task.Run(() => Each(accounts(), Write).Count(), ct);
                }
            }
#pragma warning disable CA1031 // Whatever is wrong in one home, the agent goes on looking.
            catch (Exception no) when (no is not OperationCanceledException)
#pragma warning restore CA1031
            {
                log($"The homes are looked at again: {no.Message}");
            }
        }
    }

    private static IEnumerable<T> Each<T>(IEnumerable<AccountState> accounts, Func<AccountState, string, T> act) =>
        from account in accounts.Where(a => a.IsOpen && Identity.IsMember(a.Uid) && Grammar.IsHandle(a.Handle)) from file in Names select act(account, file);

    private News? Look(AccountState account, string file)
    {
        var stamp = Native.Stamp(Place(account, file));
        var known = told.GetValueOrDefault((account.Handle, file), ("", ""));
        if (stamp == known.Item1 || (stamp.Length == 0 && known.Item1.Length == 0 && WantedOf(account, file) is not { Seen.Length: > 0 }))
        {
            return null;
        }

        var report = stamp.Length == 0 ? new HomeReport(account.Handle, file, null, null) : Read(account, file, stamp);
        return new News(report, stamp, report.Problem is not null ? "!" : report.Content is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(report.Content))));
    }

    /// <summary>Only while the file is still the one that Panel has seen; what cannot be written is tried again when Panel wants another text.</summary>
    private bool Write(AccountState account, string file)
    {
        var (key, place) = ((account.Handle, file), Place(account, file));
        var (stamp, hash) = told.GetValueOrDefault(key, ("", ""));
        if (WantedOf(account, file) is not { } wanted || wanted.Seen != hash || failed.GetValueOrDefault(key) == wanted.Text || !Directory.Exists(Path.GetDirectoryName(place)) || Native.Stamp(place) != stamp)
        {
            return false;
        }

        if (Put(account, place, wanted.Text) is { } no)
        {
            log($"{account.Handle}: .{file} was not written: {no}");
            failed[key] = wanted.Text;
        }

        return true;
    }

    private static HomeFile? WantedOf(AccountState account, string file) => file == "plan" ? account.Home?.Plan : account.Home?.Project;

    private string Place(AccountState account, string file) => $"{layout.Tree(account.Handle)}/home/.{file}";

    private HomeReport Read(AccountState account, string file, string stamp)
    {
        if (stamp[0] == '!')
        {
            return new HomeReport(account.Handle, file, null, $"~/.{file} is not a regular file.");
        }

        // nofollow and nonblock: what was a file a moment ago may be a link or a FIFO now.
        var ran = As(account, "", "dd", $"if={Place(account, file)}", "iflag=nofollow,nonblock,fullblock,count_bytes", "bs=64k", $"count={Most + 1}", "status=none");
        return ran.Code != 0 ? new HomeReport(account.Handle, file, null, $"~/.{file} could not be read: {ran.Reason}")
            : ran.Output.Length > Most ? new HomeReport(account.Handle, file, null, $"~/.{file} is larger than {Most / 1024} KiB.")
            : new HomeReport(account.Handle, file, Convert.ToBase64String(Bytes.GetBytes(ran.Output)), null);
    }

    /// <summary>Beside its place and renamed in; what was there meanwhile stays beside it as <c>.plan~</c>. Returns what went wrong.</summary>
    private static string? Put(AccountState account, string place, string text)
    {
        var fresh = $"{place}.panel";
        string[][] steps =
        [
            ["rm", "-f", "--", fresh],
            ["dd", $"of={fresh}", "oflag=nofollow", "conv=excl,fsync", "status=none"],
            ["mv", "-fT", "--backup=simple", "--suffix=~", "--", fresh, place],
        ];
        return steps.Select(s => As(account, s[0] == "dd" ? Bytes.GetString(Encoding.UTF8.GetBytes(text)) : "", s)).FirstOrDefault(r => r.Code != 0)?.Reason;
    }

    private static Ran As(AccountState account, string input, params string[] command)
    {
        var whole = Commands.As(account.Uid, command);
        return Commands.TryWith(input, whole[0], [.. whole.Skip(1)], Bytes);
    }

    private sealed record News(HomeReport Report, string Stamp, string Hash);
}
