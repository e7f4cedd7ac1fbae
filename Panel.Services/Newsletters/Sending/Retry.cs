using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Sending;

/// <summary>What a reply makes of a delivery: rule A14 for whose fault it is, and when a "not now" is tried again.</summary>
internal static class Retry
{
    /// <summary>The relay's own 4xx passes soon; each wait is up to a fifth longer or shorter, so that a crowd does not come back at once.</summary>
    private static readonly TimeSpan[] Waits = [.. new[] { 5, 15, 60, 120, 240 }.Select(m => TimeSpan.FromMinutes(m))];

    /// <summary>RFC 5321 §4.5.4.1: the give-up time needs to be at least 4 to 5 days; a newsletter is stale after four.</summary>
    private static readonly TimeSpan GiveUp = TimeSpan.FromDays(4);

    /// <summary>A message that ended the connection this often before the dot waits its turn like a 4xx.</summary>
    private const int Drops = 3;

    /// <param name="chance">0 to 1, for the jitter.</param>
    public static LedgerResult Of(MailReply reply, Leased row, DateTime now, double chance)
    {
        var tries = row.Tries + 1;
        var later = now + (Waits[Math.Min(tries, Waits.Length) - 1] * (0.8 + (0.4 * chance)));
        return reply.Result switch
        {
            MailResult.Accepted => Make(DeliveryState.Sent),
            MailResult.RecipientRefused => Make(DeliveryState.Failed),
            MailResult.Unknown => Make(DeliveryState.Unknown),
            MailResult.Deferred when now - row.Issue.StartedAt > GiveUp => Make(DeliveryState.Failed, reason: "given up after four days"),
            MailResult.Deferred => Make(DeliveryState.Deferred, later),
            MailResult.OurFault => Make(DeliveryState.Queued, pause: true, counted: row.Tries),
            MailResult.NotSent when tries >= Drops => Make(DeliveryState.Deferred, later),
            _ => Make(DeliveryState.Queued),
        };

        LedgerResult Make(DeliveryState state, DateTime? next = null, string? reason = null, bool pause = false, int? counted = null) =>
            new(state, counted ?? tries, next, reply.Code, reply.Enhanced, reply.Words, reason, pause);
    }
}
