using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Sending.Receivers;

/// <summary>What one receiver bears from this node: lanes, and after a "too much" also a rest and a rate. Down at once, up slowly.
/// Not safe for two callers at once.</summary>
internal sealed class ReceiverPace(Receiver receiver)
{
    /// <summary>The slowest it gets, in mails a minute.</summary>
    private const double LeastRate = 6;

    /// <summary>So long without a "too much" is one step up.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FirstRest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(30);
    private readonly int start = receiver.Lanes;
    private int strikes;
    private DateTime changedAt;
    private DateTime restUntil;
    private DateTime nextPutOff;
    private double tokens;
    private DateTime filledAt;
    private (DateTime At, int Accepted) minute;

    public Receiver Receiver => receiver;

    public int Lanes { get; private set; } = receiver.Lanes;

    public int UnderWay { get; private set; }

    /// <summary>Mails a minute; null: as many as the lanes carry.</summary>
    public double? Rate { get; private set; }

    public bool HasLane => UnderWay < Lanes;

    /// <summary>Null: go ahead, a lane is taken. A time: not before then.</summary>
    public DateTime? Begin(DateTime now)
    {
        Grow(now);
        if (now < restUntil || !TakeToken(now))
        {
            nextPutOff = (nextPutOff > now ? nextPutOff : Later(restUntil, now + TimeSpan.FromSeconds(10))) + TimeSpan.FromMinutes(1 / (Rate ?? LeastRate));
            return Later(nextPutOff, restUntil);
        }

        UnderWay++;
        return null;
    }

    /// <param name="reply">Null when nothing was asked of the receiver.</param>
    public void End(MailReply? reply, DateTime now)
    {
        UnderWay = Math.Max(0, UnderWay - 1);
        if (reply is { Result: MailResult.Accepted })
        {
            minute = now - minute.At < TimeSpan.FromMinutes(1) ? (minute.At, minute.Accepted + 1) : (now, 1);
        }
        else if (reply is { } said && IsTooMuch(said) && now >= restUntil)
        {
            strikes++;
            Lanes = Math.Max(1, Lanes / 2);
            Rate = Math.Max(LeastRate, Math.Min(Rate ?? double.MaxValue, Math.Max(minute.Accepted, LeastRate * 2)) / 2);
            var rest = FirstRest * Math.Pow(2, Math.Min(strikes - 1, 10));
            (restUntil, changedAt, tokens, filledAt) = (now + (rest < LongestRest ? rest : LongestRest), now, 0, now);
        }
    }

    /// <summary>421, or a 4xx about policy (RFC 3463 §3.8): it is about how we send, not about one person.</summary>
    public static bool IsTooMuch(MailReply reply) =>
        reply.Code == 421 || (reply.Code is >= 400 and < 500 && reply.Enhanced?.StartsWith("4.7.", StringComparison.Ordinal) == true);

    private void Grow(DateTime now)
    {
        while (strikes > 0 && now - Later(changedAt, restUntil) >= Step)
        {
            changedAt = Later(changedAt, restUntil) + Step;
            Lanes = Math.Min(start, Lanes + 1);
            Rate *= 1.5;
            strikes--;
        }

        if (strikes == 0 && Rate is not null && now - Later(changedAt, restUntil) >= Step)
        {
            changedAt = Later(changedAt, restUntil) + Step;
            Lanes = Math.Min(start, Lanes + 1);
            Rate = Lanes == start ? null : Rate * 1.5;
        }
    }

    private bool TakeToken(DateTime now)
    {
        if (Rate is not { } rate)
        {
            return true;
        }

        tokens = Math.Min(Math.Max(1, rate / 6), tokens + ((now - filledAt).TotalMinutes * rate));
        filledAt = now;
        if (tokens < 1)
        {
            return false;
        }

        tokens--;
        return true;
    }

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
