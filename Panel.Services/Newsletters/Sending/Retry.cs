using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Sending;

/// <summary>What a reply makes of a delivery: rule A14 for whose fault it is, and when a "not now" is tried again.</summary>
internal static class Retry
{
    /// <summary>A relay's own 4xx passes soon; each wait is up to a fifth longer or shorter, so that a crowd does not come back at once.</summary>
    private static readonly TimeSpan[] Relay = Minutes(5, 15, 60, 120, 240);

    /// <summary>Where the words are the receivers' own: at least half an hour first, then at growing distances (RFC 5321 §4.5.4.1).</summary>
    private static readonly TimeSpan[] Direct = Minutes(30, 60, 120, 240, 480, 960, 1_440);

    /// <summary>RFC 5321 §4.5.4.1: the give-up time needs to be at least 4 to 5 days; a newsletter is stale after four.</summary>
    private static readonly TimeSpan GiveUp = TimeSpan.FromDays(4);

    /// <summary>A message that ended the connection this often before the dot waits its turn like a 4xx.</summary>
    private const int Drops = 3;

    /// <param name="chance">0 to 1, for the jitter.</param>
    /// <param name="direct">The other side is the receivers themselves, or a relay that passes their words on.</param>
    public static LedgerResult Of(MailReply reply, Leased row, DateTime now, double chance, bool direct = false)
    {
        var (tries, waits) = (row.Tries + 1, direct ? Direct : Relay);
        var later = now + (waits[Math.Min(tries, waits.Length) - 1] * (direct && tries == 1 ? 1 + (0.2 * chance) : 0.8 + (0.4 * chance)));
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

    /// <summary>Not tried: the receiver bears no more at the moment.</summary>
    public static LedgerResult HeldBack(Leased row, string receiver, DateTime until) =>
        new(DeliveryState.Deferred, row.Tries, until, 0, null, $"Held back: {receiver} asked for fewer mails.", null, false);

    private static TimeSpan[] Minutes(params int[] waits) => [.. waits.Select(m => TimeSpan.FromMinutes(m))];
}
