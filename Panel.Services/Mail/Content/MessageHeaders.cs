using System.Buffers;
using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>The complete header set of each class of mail; golden files hold it (rule F23).</summary>
internal static class MessageHeaders
{
    private static readonly SearchValues<char> Special = SearchValues.Create("<>(),;\\\"");

    public static string Top(MessageHead head) =>
        HeaderText.Mailbox("From", head.FromName, head.FromEmail)
        + (head.ReplyTo is { Length: > 0 } reply ? HeaderText.Mailbox("Reply-To", null, reply) : "");

    public static string Bottom(MessageHead head, string boundary)
    {
        var headers = new StringBuilder();
        if (head.List is { } list)
        {
            headers.Append(ListId(list));
            headers.Append("List-Post: NO\r\n");
            headers.Append(list.ArchiveUrl is { } archive ? HeaderText.Bare("List-Archive", $"<{Uri(archive)}>") : "");
            headers.Append(list.OwnerEmail is { } owner ? HeaderText.Bare("List-Owner", $"<mailto:{Address(owner)}>") : "");
            headers.Append("Precedence: bulk\r\n");
            headers.Append(HeaderText.Bare("Feedback-ID", list.FeedbackId));
        }
        else
        {
            headers.Append("Auto-Submitted: auto-generated\r\n");
        }

        return $"{headers}MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n";
    }

    /// <summary>RFC 8058 §3.1: one address and, where mail can come back, a mailbox; the POST field is byte for byte the same for everybody.</summary>
    /// <exception cref="ArgumentException">There is no address to leave by.</exception>
    public static string Leave(MailPerson person)
    {
        var url = Uri(person.LeaveUrl ?? throw new ArgumentException("A list's message needs an address to leave by.", nameof(person)));
        var mailbox = person.LeaveMailbox is { } box ? $",\r\n <mailto:{Address(box)}>" : "";
        return $"List-Unsubscribe: <{url}>{mailbox}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
    }

    private static string ListId(ListHead list)
    {
        const string name = "List-Id";
        var id = list.Id.Length is > 0 and <= 255 && !list.Id.AsSpan().ContainsAnyExceptInRange('!', '~') && !list.Id.AsSpan().ContainsAny(Special)
            ? list.Id
            : throw new ArgumentException("A list id is at most 255 printable ASCII characters (RFC 2919 §3).", nameof(list));
        var phrase = HeaderText.Phrase(MailText.OneLine(list.Title).Trim(), name.Length + 2);
        return $"{name}: {phrase}\r\n <{id}>\r\n";
    }

    /// <summary>An address between angle brackets: ASCII, without what would end it (RFC 2369 §2).</summary>
    private static string Uri(string address) =>
        address.Length <= 900 && !address.AsSpan().ContainsAnyExceptInRange('!', '~') && address.AsSpan().IndexOfAny('<', '>', ',') < 0
            ? address
            : throw new ArgumentException($"'{MailWords.Clean(address)}' cannot stand in a List header.", nameof(address));

    private static string Address(string mailbox) =>
        EnvelopeAddress.Read(mailbox) is { NeedsUtf8: false } read ? Uri(read.Path) : throw new ArgumentException("A List header needs a plain e-mail address.", nameof(mailbox));
}
