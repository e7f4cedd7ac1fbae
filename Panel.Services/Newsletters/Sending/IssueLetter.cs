using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Panel.Services.Mail.Content;
using Panel.Services.Mail.Dkim;
using Panel.Services.Newsletters.Returning;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Where an issue comes from and where its links lead.</summary>
internal sealed record IssueAddress(long IssueId, long ListId, string Domain, string PublicUrl);

/// <summary>The keys a letter needs for every person.</summary>
internal sealed record LetterKeys(ReaderTokens Tokens, ReturnAddresses Returns, byte[] MessageIds, byte[] Emails);

/// <summary>Room for one message, used again for the next.</summary>
internal sealed class LetterPaper
{
    public ArrayBufferWriter<byte> Unsigned { get; } = new(32 * 1024);

    public ArrayBufferWriter<byte> Whole { get; } = new(32 * 1024);

    public void Clear()
    {
        Unsigned.ResetWrittenCount();
        Whole.ResetWrittenCount();
    }
}

/// <param name="Plain">For everybody who did not agree to be counted.</param>
/// <param name="Tracked">For those who did; null where the list does not ask.</param>
internal sealed record LetterForms(MessageTemplate Plain, MessageTemplate? Tracked);

/// <summary>One issue rendered once; per person only address, date, id, tokens and merge fields differ. Safe for many workers.</summary>
internal sealed class IssueLetter(IssueAddress address, LetterForms forms, LetterKeys keys, DkimSigner? signer)
{
    private static readonly Dictionary<string, string> Nameless = [];

    /// <summary>The envelope sender for one person, so that a bounce says whose it is (VERP).</summary>
    public string EnvelopeOf(long subscriberId) => keys.Returns.BounceOf(new Reader(address.ListId, subscriberId, address.IssueId));

    /// <summary>Writes the whole message; the same person always gets the same Message-ID (rule H7).</summary>
    public void Write(LetterPaper paper, long subscriberId, string email, string name, DateTimeOffset now, string fields = "", bool tracked = false)
    {
        paper.Clear();
        var token = keys.Tokens.Make(TokenPurpose.Leave, new Reader(address.ListId, subscriberId, address.IssueId));
        var form = tracked && forms.Tracked is { } counted ? counted : forms.Plain;
        form.Write(signer is null ? paper.Whole : paper.Unsigned, new MailPerson(email, MessageIds.For(keys.MessageIds, address.IssueId, subscriberId, address.Domain), now)
        {
            LeaveUrl = $"{address.PublicUrl}/u/{token}",
            PreferencesUrl = $"{address.PublicUrl}/p/{keys.Tokens.Make(TokenPurpose.Preferences, new Reader(address.ListId, subscriberId, 0))}",
            TrackUrl = form == forms.Plain ? null : $"{address.PublicUrl}/t/{keys.Tokens.Make(TokenPurpose.Track, new Reader(address.ListId, subscriberId, address.IssueId))}",
            LeaveMailbox = keys.Returns.LeaveOf(token),
            Fields = name.Length == 0 && fields.Length == 0 ? Nameless : FieldsOf(name, fields),
        });
        if (signer is not null)
        {
            signer.Sign(paper.Unsigned.WrittenSpan, now, paper.Whole);
            paper.Whole.Write(paper.Unsigned.WrittenSpan);
        }
    }

    /// <summary>What merge fields may say about a person.</summary>
    public static Dictionary<string, string> FieldsOf(string name, string fields)
    {
        var values = SubscriberFields.Read(fields);
        if (name.Length > 0)
        {
            values["name"] = name;
        }

        return values;
    }

    /// <summary>The hash under which a suppression of this address would be kept.</summary>
    public string HashOf(string emailKey) => Convert.ToHexStringLower(HMACSHA256.HashData(keys.Emails, Encoding.UTF8.GetBytes(emailKey)));
}
