using System.Globalization;

namespace Panel.Services.Newsletters.Sending;

/// <summary>What became of one issue's messages on this node since it was last started: for the pause by itself and for the pace.</summary>
internal sealed class SendingTally
{
    /// <summary>Fewer results than this say nothing about a list.</summary>
    private const int Least = 30;

    private readonly Lock gate = new();
    private int sent;
    private int refused;
    private string words = "";
    private (long At, int Decided) mark;

    public void Count(LedgerResult result)
    {
        lock (gate)
        {
            sent += result.State is DeliveryState.Sent or DeliveryState.Unknown ? 1 : 0;
            if (result.State == DeliveryState.Failed)
            {
                refused++;
                words = $"{(result.Code == 0 ? "" : result.Code.ToString(CultureInfo.InvariantCulture))} {result.Reply}".Trim();
            }
        }
    }

    /// <summary>Why the sending should stop, in words for its owner, or null.</summary>
    public string? TooMany(int percent)
    {
        lock (gate)
        {
            var all = sent + refused;
            return all < Least || refused * 100L <= (long)all * percent ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"{refused:#,0} of {all:#,0} mails were refused for good, more than {percent} %, so the sending paused by itself. The last words were: {words}. Look at the refused addresses before you go on.");
        }
    }

    /// <summary>Mails decided per minute since the last call, or null when that was less than five seconds ago.</summary>
    public int? Pace(TimeProvider time)
    {
        lock (gate)
        {
            var since = time.GetElapsedTime(mark.At).TotalSeconds;
            if (mark.At != 0 && since < 5)
            {
                return null;
            }

            int? pace = mark.At == 0 ? null : (int)Math.Min(int.MaxValue, (sent + refused - mark.Decided) * 60 / since);
            mark = (time.GetTimestamp(), sent + refused);
            return pace;
        }
    }
}
