namespace Panel.Services.Mail;

/// <summary>What a reply means for the message (rule A14; RFC 5321 §4.2.1).</summary>
public enum MailResult
{
    /// <summary>The other side has taken responsibility (RFC 5321 §6.1).</summary>
    Accepted,

    /// <summary>A lasting no to this recipient or this message; the next recipient may still work.</summary>
    RecipientRefused,

    /// <summary>Not now (4xx): to be tried again later.</summary>
    Deferred,

    /// <summary>A lasting no to us, whoever the recipient is: greeting, sign-in, sender. Going on would only repeat it.</summary>
    OurFault,

    /// <summary>The final dot was or may have been sent and no answer came: it may have been delivered, so it is never repeated unasked.</summary>
    Unknown,

    /// <summary>The connection ended before the final dot, or the hand-over was called off: certainly not delivered, free to be tried again.</summary>
    NotSent,
}

/// <summary>What the other side said about one message, or about us.</summary>
/// <param name="Result">What it means.</param>
/// <param name="Code">The three digits of RFC 5321 §4.2, or 0 when nothing was said.</param>
/// <param name="Enhanced">The enhanced code of RFC 3463 such as <c>5.1.1</c>, or null.</param>
/// <param name="Words">The words as they came, at most 512 characters and without control characters; ours when nothing was said.</param>
public sealed record MailReply(MailResult Result, int Code, string? Enhanced, string Words)
{
    /// <summary>A result that the other side did not word.</summary>
    public static MailReply Own(MailResult result, string words) => new(result, 0, null, MailWords.Clean(words));
}
