namespace Panel.Services.Newsletters.Sending.Receivers;

/// <summary>Who takes mail for a domain, and what is polite to ask of them at first; the figures are the providers' own advice where
/// they give any (A7: Yahoo about 20 mails a connection).</summary>
/// <param name="Lanes">Mails under way at the same time, over all connections of a node.</param>
/// <param name="PerConnection">Mails for this receiver after which a connection is closed.</param>
internal sealed record Receiver(string Name, int Lanes, int PerConnection)
{
    private static readonly Receiver Gmail = new("gmail.com", 5, 50);
    private static readonly Receiver Yahoo = new("yahoo.com", 5, 20);
    private static readonly Receiver Microsoft = new("outlook.com", 5, 50);

    /// <summary>The big providers have many domains and one patience for all of them.</summary>
    public static Receiver Of(string domain) => domain switch
    {
        "gmail.com" or "googlemail.com" => Gmail,
        "yahoo.com" or "ymail.com" or "rocketmail.com" or "aol.com" or "myyahoo.com" => Yahoo,
        "outlook.com" or "hotmail.com" or "live.com" or "msn.com" => Microsoft,
        _ when domain.StartsWith("yahoo.", StringComparison.Ordinal) || domain.StartsWith("aol.", StringComparison.Ordinal) => Yahoo,
        _ when domain.StartsWith("hotmail.", StringComparison.Ordinal) || domain.StartsWith("live.", StringComparison.Ordinal) || domain.StartsWith("outlook.", StringComparison.Ordinal) => Microsoft,
        _ => new Receiver(domain, 10, 100),
    };
}
