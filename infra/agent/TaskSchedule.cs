using System.Globalization;
using System.Text.RegularExpressions;

namespace Panel.Hosting;

/// <summary>When a task runs, in UTC: <c>15m</c>, <c>2h</c>, <c>hourly@20</c>, <c>daily@04:00</c>, <c>weekly@mon@04:00</c> or
/// <c>monthly@1@04:00</c>. Compiled into both ends, so that both mean the same.</summary>
public sealed partial record TaskSchedule(int? EveryMinutes, int? Weekday, int? Day, int? AtHour, int AtMinute)
{
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    /// <summary>Null when the text is none of the six forms. Intervals are whole minutes up to 7 days, days of a month 1 to 28.</summary>
    public static TaskSchedule? Parse(string? text)
    {
        if (text is null || Shape().Match(text) is not { Success: true } match)
        {
            return null;
        }

        int? Number(string name) => match.Groups[name] is { Success: true } group ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : null;
        var every = Number("n") * (match.Groups["unit"].Value == "h" ? 60 : 1);
        var weekday = match.Groups["weekday"].Success ? Array.IndexOf(Days, match.Groups["weekday"].Value) : (int?)null;
        var wanted = new TaskSchedule(every, weekday, Number("day"), Number("hour"), Number("minute") ?? Number("past") ?? 0);
        return every is 0 or > 7 * 24 * 60 || wanted.Day is 0 or > 28 || wanted.AtHour > 23 || wanted.AtMinute > 59 ? null : wanted;
    }

    /// <summary>The first time after <paramref name="time"/>. A time that was missed is not made up for.</summary>
    public DateTimeOffset Next(DateTimeOffset time)
    {
        if (EveryMinutes is { } every)
        {
            return DateTimeOffset.FromUnixTimeSeconds(((time.ToUnixTimeSeconds() / (every * 60L)) + 1) * every * 60L);
        }

        var at = new DateTimeOffset(time.Year, time.Month, time.Day, AtHour ?? time.Hour, AtMinute, 0, TimeSpan.Zero);
        while (at <= time || (Weekday is { } weekday && (int)at.DayOfWeek != weekday) || (Day is { } day && at.Day != day))
        {
            at = AtHour is null ? at.AddHours(1) : at.AddDays(1);
        }

        return at;
    }

    [GeneratedRegex(@"^(?:(?<n>[0-9]{1,5})(?<unit>[mh])|hourly@(?<past>[0-9]{2})|(?:daily|weekly@(?<weekday>sun|mon|tue|wed|thu|fri|sat)|monthly@(?<day>[0-9]{1,2}))@(?<hour>[0-9]{2}):(?<minute>[0-9]{2}))\z")]
    private static partial Regex Shape();
}
