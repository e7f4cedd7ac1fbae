using System.Globalization;
using System.Text.Json;

namespace Panel.Services.Finger.Thimbl;

/// <summary>The three forms of a message's time: a number <c>20101105124412</c>, the same as a string, and a string with an offset
/// <c>20110729165056-0400</c>. Without one it is UTC.</summary>
internal static class ThimblTime
{
    private const string Form = "yyyyMMddHHmmss";

    public static DateTime? Read(JsonElement time) => time.ValueKind switch
    {
        JsonValueKind.Number => Read(time.GetRawText()),
        JsonValueKind.String => Read(time.GetString()!),
        _ => null,
    };

    public static DateTime? Read(string text)
    {
        text = text.Trim();
        if (text.Length < Form.Length || !DateTime.TryParseExact(
            text[..Form.Length], Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
        {
            return null;
        }

        var zone = text[Form.Length..].Trim().Replace(":", "", StringComparison.Ordinal);
        if (zone is "" or "Z" or "z" or ".0")
        {
            return at;
        }

        if (zone.Length != 5 || zone[0] is not ('+' or '-') || !int.TryParse(zone.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var digits) || digits % 100 > 59 || digits > 1800)
        {
            return null;
        }

        var offset = new TimeSpan(digits / 100, digits % 100, 0);
        var utc = at.Ticks + (zone[0] == '-' ? offset.Ticks : -offset.Ticks);
        return utc >= DateTime.MinValue.Ticks && utc <= DateTime.MaxValue.Ticks ? new DateTime(utc, DateTimeKind.Utc) : null;
    }
}
