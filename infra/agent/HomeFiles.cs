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

    /// <summary>What has changed in the homes since it was last told. Once Panel has it, <paramref name="said"/> is called.</summary>
    public IReadOnlyList<HomeReport> Look(IEnumerable<AccountState> accounts, out Action said)
    {
        var (news, marks) = (new List<HomeReport>(), new List<Action>());
        foreach (var account in accounts.Where(a => a.Status == AccountStatus.Active && Identity.IsMember(a.Uid) && Grammar.IsHandle(a.Handle)))
        {
            foreach (var file in Names)
            {
                var stamp = Native.Stamp(Place(account, file));
                var known = told.GetValueOrDefault((account.Handle, file), ("", ""));
                if (stamp == known.Item1 || (stamp.Length == 0 && known.Item1.Length == 0 && WantedOf(account, file) is not { Seen.Length: > 0 }))
                {
                    continue;
                }

                var report = stamp.Length == 0 ? new HomeReport(account.Handle, file, null, null) : Read(account, file, stamp);
                news.Add(report);
                marks.Add(() => told[(account.Handle, file)] = (stamp, HashOf(report)));
            }
        }

        said = () => marks.ForEach(m => m());
        return news;
    }

    /// <summary>Writes what Panel wants where the file is still the one that Panel has seen.</summary>
    public void Write(IEnumerable<AccountState> accounts)
    {
        foreach (var account in accounts.Where(a => a is { Status: AccountStatus.Active, Home: not null } && Directory.Exists($"{layout.Tree(a.Handle)}/home")))
        {
            foreach (var file in Names)
            {
                var known = told.GetValueOrDefault((account.Handle, file), ("", ""));
                if (WantedOf(account, file) is { } wanted && wanted.Seen == known.Item2 && Native.Stamp(Place(account, file)) == known.Item1 && failed.GetValueOrDefault((account.Handle, file)) != wanted.Text
                    && Write(account, Place(account, file), wanted.Text) is { } no)
                {
                    log($"{account.Handle}: .{file} was not written: {no}");
                    failed[(account.Handle, file)] = wanted.Text;
                }
            }
        }
    }

    private static HomeFile? WantedOf(AccountState account, string file) => file == "plan" ? account.Home?.Plan : account.Home?.Project;

    private static string HashOf(HomeReport report) =>
        report.Problem is not null ? "!" : report.Content is null ? "" : Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(report.Content)));

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
    private static string? Write(AccountState account, string place, string text)
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
}
