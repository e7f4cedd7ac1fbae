using Panel.Hosting;

namespace Panel.Agent;

/// <summary>What was found of every account, and what of it Panel has not heard: a lost report is said again.</summary>
internal sealed class Ledger
{
    private readonly Dictionary<string, AccountReport> last = new(StringComparer.Ordinal);
    private readonly HashSet<string> unsent = new(StringComparer.Ordinal);

    /// <summary>No report has arrived since this agent started.</summary>
    public bool NeverSent { get; private set; } = true;

    public bool Unsent => unsent.Count > 0;

    public IReadOnlyList<AccountReport> All => [.. last.Values];

    public IReadOnlyList<AccountReport> News => [.. last.Where(l => unsent.Contains(l.Key)).Select(l => l.Value)];

    /// <summary>A pass that found nothing new about an account is no news; how long it took does not count.</summary>
    public void Note(AccountReport report)
    {
        if (last.GetValueOrDefault(report.Handle) is not { } before || before.Revision != report.Revision
            || !before.Items.Select(Timeless).SequenceEqual(report.Items.Select(Timeless)))
        {
            unsent.Add(report.Handle);
            last[report.Handle] = report;
        }
    }

    /// <summary>This very state of the account has been reached before.</summary>
    public bool Knows(AccountReport report) => last.GetValueOrDefault(report.Handle)?.Revision == report.Revision;

    public void KeepOnly(IEnumerable<string> handles)
    {
        foreach (var gone in last.Keys.Except(handles).ToArray())
        {
            last.Remove(gone);
            unsent.Remove(gone);
        }
    }

    public void Sent()
    {
        unsent.Clear();
        NeverSent = false;
    }

    private static ItemReport Timeless(ItemReport item) => item with { Milliseconds = 0 };
}
