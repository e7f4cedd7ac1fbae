namespace Panel.Services.Mail.Returned;

/// <summary>A feedback report (ARF, RFC 5965). Other types than abuse are no complaint of a reader: fraud, virus and not-spam are
/// kept for a look.</summary>
internal sealed record FeedbackReport(bool IsComplaint, string Words)
{
    public static FeedbackReport? Read(IReadOnlyList<MailPart> parts)
    {
        if (parts.FirstOrDefault(p => p.Type == "message/feedback-report") is not { } part)
        {
            return null;
        }

        var fields = MailHeaders.Read(part.Body).Headers;
        var type = fields.Word("Feedback-Type");
        var by = fields["Source-IP"] is { Length: > 0 } ip ? $" (sent from {ip})" : "";
        return new FeedbackReport(type is "abuse" or "complaint" or "opt-out", MailWords.Clean($"Reported as {(type.Length > 0 ? type : "unknown")} by {fields["User-Agent"]}{by}"));
    }
}
