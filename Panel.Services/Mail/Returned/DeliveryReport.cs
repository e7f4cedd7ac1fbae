namespace Panel.Services.Mail.Returned;

/// <summary>What a delivery report says about one recipient (RFC 3464 §2.3).</summary>
/// <param name="Action"><c>failed</c>, <c>delayed</c>, <c>delivered</c>, <c>relayed</c> or <c>expanded</c>.</param>
/// <param name="Status">Three numbers of RFC 3463.</param>
/// <param name="Words">The receiving server's own words.</param>
public sealed record RecipientReport(string Action, string Status, string Recipient, string Words)
{
    /// <summary>5.x.x that say something about us, the message or a passing state, not that the address is dead: mailbox full, too
    /// big, expired, looping, system, content, policy (RFC 3463 §3). They count as soft.</summary>
    private static readonly string[] Passing = ["5.2.2", "5.2.3", "5.4.3", "5.4.5", "5.4.6", "5.4.7", "5.4.14", "5.4.300", "5.4.316"];

    public bool IsAboutTheAddress => Status is ['5', '.', not ('3' or '6' or '7'), ..] && !Passing.Contains(Status);
}

/// <summary>Reads <c>message/delivery-status</c> (RFC 3464) and its international form (RFC 6533).</summary>
internal static class DeliveryReport
{
    /// <summary>Each of our mails has one recipient; a mailbox that hands on to more than this many is none of a reader.</summary>
    private const int MostRecipients = 100;

    /// <summary>The recipients of the first delivery status among the parts; null when there is none.</summary>
    public static IReadOnlyList<RecipientReport>? Read(IReadOnlyList<MailPart> parts)
    {
        var status = parts.FirstOrDefault(p => p.Type is "message/delivery-status" or "message/global-delivery-status");
        return status is null ? null : [.. Blocks(status.Body).Where(b => b.Has("Final-Recipient") || b.Has("Action")).Take(MostRecipients).Select(Recipient)];
    }

    private static RecipientReport Recipient(MailHeaders block) => new(
        block.Word("Action"), StatusOf(block["Status"]), AddressOf(block["Original-Recipient"] is { Length: > 0 } first ? first : block["Final-Recipient"]),
        MailWords.Clean(Typed(block["Diagnostic-Code"])));

    // Blocks of fields with empty lines between them; the first is about the message (RFC 3464 §2.1).
    private static IEnumerable<MailHeaders> Blocks(ReadOnlyMemory<byte> body)
    {
        while (!body.IsEmpty)
        {
            var (block, rest) = MailHeaders.Read(body);
            body = rest;
            if (!block.IsEmpty)
            {
                yield return block;
            }
        }
    }

    private static string StatusOf(string status)
    {
        var word = status.Split(' ', '(')[0].Trim();
        return word.Split('.') is [var a, var b, var c] && a is "2" or "4" or "5" && b.All(char.IsAsciiDigit) && c.All(char.IsAsciiDigit) && b.Length is > 0 and <= 3 && c.Length is > 0 and <= 3
            ? word : "";
    }

    private static string Typed(string value) => value.IndexOf(';', StringComparison.Ordinal) is > 0 and var at ? value[(at + 1)..].Trim() : value;

    private static string AddressOf(string value) => MailWords.Clean(Typed(value).Trim('<', '>'));
}
