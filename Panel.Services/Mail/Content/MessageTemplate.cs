using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>
/// One message, rendered to bytes once; per person only addresses, date, id, tokens and merge fields are filled in. Safe
/// to use from many senders at the same time.
/// </summary>
public sealed class MessageTemplate
{
    private readonly MessageHead head;
    private readonly MailText subject;
    private readonly string? fixedSubject;
    private readonly byte[] top;
    private readonly byte[] bottom;
    private readonly TemplatePart[] body;

    private MessageTemplate(MessageHead head, RenderedIssue issue)
    {
        this.head = head;
        subject = issue.Subject;
        fixedSubject = issue.Subject.Marked.Any(MailText.IsMark) ? null : HeaderText.Field("Subject", issue.Subject.Marked);
        var boundary = $"=_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(issue.Html.Marked)).AsSpan(0, 12))}";
        top = Encoding.UTF8.GetBytes(MessageHeaders.Top(head));
        bottom = Encoding.UTF8.GetBytes(MessageHeaders.Bottom(head, boundary));
        body =
        [
            new TemplatePart($"--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", issue.Text),
            new TemplatePart($"\r\n--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", issue.Html),
            new TemplatePart($"\r\n--{boundary}--\r\n", MailText.Plain("")),
        ];
    }

    /// <summary>Makes the bytes that everybody gets.</summary>
    /// <exception cref="ArgumentException">The head holds what no header can: addresses that are none, ids outside ASCII.</exception>
    public static MessageTemplate Create(MessageHead head, RenderedIssue issue) => new(head, issue);

    /// <summary>Writes the whole message for one person: CRLF lines of at most 998 octets, 7-bit but for an address that is not.</summary>
    /// <exception cref="ArgumentException">The person's address, id or leave address cannot stand in a header.</exception>
    public void Write(IBufferWriter<byte> output, MailPerson person)
    {
        var values = Values(person);
        output.Write(top);
        Write(output, HeaderText.Mailbox("To", null, person.To));
        Write(output, fixedSubject ?? HeaderText.Field("Subject", subject.Fill(values)));
        Write(output, HeaderText.Bare("Date", person.Date.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture)));
        Write(output, HeaderText.Bare("Message-ID", $"<{person.MessageId}>"));
        if (head.List is not null)
        {
            Write(output, MessageHeaders.Leave(person));
        }

        output.Write(bottom);
        foreach (var part in body)
        {
            part.Write(output, values);
        }
    }

    /// <summary>The whole message for one person, for tests and previews; senders reuse a buffer instead.</summary>
    public byte[] ToArray(MailPerson person)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        Write(buffer, person);
        return buffer.WrittenSpan.ToArray();
    }

    private static Dictionary<string, string> Values(MailPerson person) => new(person.Fields, StringComparer.Ordinal)
    {
        [MergeFields.Email] = person.To,
        [MailSlot.Leave] = person.LeaveUrl ?? "",
        [MailSlot.Preferences] = person.PreferencesUrl ?? "",
        [MailSlot.Track] = person.TrackUrl ?? "",
    };

    private static void Write(IBufferWriter<byte> output, string text)
    {
        var room = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, room));
    }
}
