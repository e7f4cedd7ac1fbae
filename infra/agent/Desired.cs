using System.Text.Json;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>The last state that Panel asked for, kept on disk so that a host without Panel serves on after a restart.</summary>
internal sealed record Desired(string Epoch, long Revision, bool RemovalsConfirmed, IReadOnlyDictionary<string, AccountState> Accounts)
{
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
            return Files.ReadOrNull(Place(layout)) is { } text ? JsonSerializer.Deserialize(text, StateJson.Default.Desired) ?? Nothing : Nothing;
        }
        catch (JsonException broken)
        {
            log($"The kept state is unreadable, so all of it is asked for again: {broken.Message}");
            return Nothing;
        }
    }

    public void Save(Layout layout) => Files.Put(Place(layout), JsonSerializer.SerializeToUtf8Bytes(this, StateJson.Default.Desired), Modes.Secret);

    private static string Place(Layout layout) => $"{layout.State}/desired.json";
}
