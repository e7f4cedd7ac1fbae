using System.Text.Json;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The last state that Panel asked for, kept on disk so that a host without Panel serves on after a restart.</summary>
internal sealed record Desired(string Epoch, long Revision, bool RemovalsConfirmed, IReadOnlyDictionary<string, AccountState> Accounts)
{
    private const long MostChanges = 4 << 20;

    public static Desired Nothing { get; } = new("", 0, false, new Dictionary<string, AccountState>());

    /// <summary>What is known after an answer. A full answer replaces everything: an account that it lacks becomes an
    /// orphan, which is reported and left running.</summary>
    public Desired After(AccountsAnswer answer)
    {
        var accounts = answer.Full ? new Dictionary<string, AccountState>(StringComparer.Ordinal) : new Dictionary<string, AccountState>(Accounts, StringComparer.Ordinal);
        foreach (var account in answer.Accounts)
        {
            accounts[account.Handle] = account;
        }

        return new Desired(answer.Epoch, answer.Revision, answer.RemovalsConfirmed, accounts);
    }

    public static Desired Load(Layout layout, Action<string> log)
    {
        try
        {
            var whole = Files.ReadOrNull(Place(layout)) is { } text ? JsonSerializer.Deserialize(text, StateJson.Default.Desired) ?? Nothing : Nothing;
            // A line without its end was never acted upon, and one that is older than the whole is in it.
            var now = (Files.ReadOrNull(Changes(layout)) ?? "").Split('\n').SkipLast(1).Select(l => JsonSerializer.Deserialize(l, AgentJson.Default.AccountsAnswer)!)
                .Where(a => a.Epoch == whole.Epoch && a.Revision >= whole.Revision).Aggregate(whole, (known, answer) => known.After(answer));
            // Nothing is ever written behind half a line.
            now.Write(layout);
            return now;
        }
        catch (JsonException broken)
        {
            log($"The kept state is unreadable, so all of it is asked for again: {broken.Message}");
            return Nothing;
        }
    }

    /// <summary>On disk when it returns, so that no pass ever acts on what a restart would not know. A change is one line, or with ten
    /// thousand accounts each would cost as much as all of them.</summary>
    public void Save(Layout layout, AccountsAnswer answer)
    {
        var lines = new FileInfo(Changes(layout));
        if (answer.Full || answer.Epoch != Epoch || (lines.Exists && lines.Length > MostChanges))
        {
            Write(layout);
            return;
        }

        using var file = new FileStream(lines.FullName, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, UnixCreateMode = Modes.Secret });
        file.Write([.. JsonSerializer.SerializeToUtf8Bytes(answer with { Requests = [] }, AgentJson.Default.AccountsAnswer), (byte)'\n']);
        file.Flush(flushToDisk: true);
        Fault.Point();
    }

    private void Write(Layout layout)
    {
        Files.Put(Place(layout), JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.Desired), Modes.Secret);
        File.Delete(Changes(layout));
    }

    private static string Place(Layout layout) => $"{layout.State}/desired.json";

    private static string Changes(Layout layout) => $"{layout.State}/desired.changes";
}
