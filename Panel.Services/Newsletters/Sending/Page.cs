namespace Panel.Services.Newsletters.Sending;

/// <summary>A leased row and the finished message for it, on paper that is used again.</summary>
internal sealed class Page
{
    private readonly LetterPaper paper = new();
    private Outgoing mail = null!;

    public Leased Row => mail.Row;

    /// <summary>The envelope sender; good once it is written.</summary>
    public string From { get; private set; } = "";

    public bool IsWritten { get; private set; }

    public ReadOnlyMemory<byte> Message => paper.Whole.WrittenMemory;

    public void Take(Outgoing next) => (mail, IsWritten) = (next, false);

    /// <exception cref="ArgumentException">The address or the name cannot stand in a header.</exception>
    public void Write(DateTimeOffset now)
    {
        if (!IsWritten)
        {
            mail.Letter.Write(paper, Row.SubscriberId, Row.Email, Row.Name, now, Row.Fields, Row.Tracked);
            (From, IsWritten) = (mail.Letter.EnvelopeOf(Row.SubscriberId), true);
        }
    }
}
