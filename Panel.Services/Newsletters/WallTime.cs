namespace Panel.Services.Newsletters;

/// <summary>Times as they stand on a wall clock of a zone (IANA names such as Europe/Berlin), and what they are in UTC (F15).</summary>
public static class WallTime
{
    /// <summary>The zone of that name, or null.</summary>
    public static TimeZoneInfo? Find(string? zone) => zone is { Length: > 0 and <= 64 } && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? found : null;

    /// <summary>An hour that the clocks leave out in spring is moved forward by that hour, and <c>Moved</c> says so; one that comes twice in
    /// autumn is taken the first time.</summary>
    public static (DateTime Utc, bool Moved) ToUtc(DateTime wall, TimeZoneInfo zone)
    {
        var time = DateTime.SpecifyKind(wall, DateTimeKind.Unspecified);
        var moved = zone.IsInvalidTime(time);
        var offset = moved ? zone.GetUtcOffset(time.AddHours(-3)) : zone.IsAmbiguousTime(time) ? zone.GetAmbiguousTimeOffsets(time).Max() : zone.GetUtcOffset(time);
        return (DateTime.SpecifyKind(time - offset, DateTimeKind.Utc), moved);
    }

    /// <summary>What the clocks of the zone show then.</summary>
    public static DateTime Of(DateTime utc, TimeZoneInfo zone) => TimeZoneInfo.ConvertTimeFromUtc(utc, zone);
}
