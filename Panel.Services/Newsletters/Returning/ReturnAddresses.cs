using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Returned;

namespace Panel.Services.Newsletters.Returning;

/// <summary>What a mail to an address of ours is about.</summary>
/// <param name="Purpose">What its token is for; <see cref="TokenPurpose.Bounce"/> also for complaints.</param>
/// <param name="Reader">Whom the token names; null at the complaints box, whose mails carry the token inside.</param>
/// <param name="Token">The token itself, in lower case.</param>
public readonly record struct ReturnAddress(TokenPurpose Purpose, Reader? Reader, string Token);

/// <summary>Addresses that prove themselves: <c>bounce+TOKEN@</c> is the envelope sender of every mail of an issue (RFC 3461 §4 has
/// why), <c>unsubscribe+TOKEN@</c> leaves by mail (RFC 2369 §3.2), <c>complaints@</c> takes feedback reports.</summary>
public sealed class ReturnAddresses(ReaderTokens tokens, IOptions<MailOptions> mail, IOptions<PanelOptions> panel)
{
    private const string Bounce = "bounce+";
    private const string Unsubscribe = "unsubscribe+";
    private const string Complaints = "complaints";

    /// <summary>The domain whose mail the mail server must hand to <c>Mail:Lmtp:Listen</c>.</summary>
    public string Domain => mail.Value.ReturnDomain is { Length: > 0 } set ? set : HostOf(panel.Value.PublicUri);

    public string BounceOf(Reader reader) => $"{Bounce}{tokens.Make(TokenPurpose.Bounce, reader)}@{Domain}";

    /// <param name="token">A token for leaving, as in the link.</param>
    public string LeaveOf(string token) => $"{Unsubscribe}{token}@{Domain}";

    /// <summary>Null when it is no address of ours, or its token is not genuine. The domain does not matter: the token proves it.</summary>
    public ReturnAddress? Read(string address)
    {
        var local = (address.LastIndexOf('@') is var at && at < 0 ? address : address[..at]).ToLowerInvariant();
        return local == Complaints ? new ReturnAddress(TokenPurpose.Bounce, null, "")
            : Read(local, Bounce, TokenPurpose.Bounce) ?? Read(local, Unsubscribe, TokenPurpose.Leave);
    }

    /// <summary>Whom a copy of our own message was for, by the tokens in its header; redacted ones (RFC 5965 §7) name nobody.</summary>
    public Reader? ReaderOf(MailHeaders original)
    {
        foreach (var word in (original["Return-Path"] + " " + original["List-Unsubscribe"]).Split(['<', '>', ',', ' ', ':', '/'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (Read(word)?.Reader is { } addressed)
            {
                return addressed;
            }

            if (tokens.Read(TokenPurpose.Leave, word) is { } linked)
            {
                return linked;
            }
        }

        return null;
    }

    // An IP address is no mail domain; a panel that has no name yet is on the machine of whoever tries it.
    private static string HostOf(Uri address) => address.HostNameType == UriHostNameType.Dns ? address.IdnHost : "localhost";

    private ReturnAddress? Read(string local, string start, TokenPurpose purpose) =>
        local.StartsWith(start, StringComparison.Ordinal) && tokens.Read(purpose, local[start.Length..]) is { } reader
            ? new ReturnAddress(purpose, reader, local[start.Length..])
            : null;
}
