using System.Globalization;
using System.Text;

namespace Panel.Services.Hosting;

/// <summary>A file's name in words for people: whatever its owner put into it, it is one line that is read as it is written.</summary>
internal static class PlainName
{
    private const int Longest = 200;

    /// <summary>Letters that break the line, turn it round or cannot be seen stand as their number; a backslash is doubled, so that none is mistaken for one.</summary>
    public static string Of(string name)
    {
        var plain = new StringBuilder();
        foreach (var rune in name.EnumerateRunes())
        {
            var seen = Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned) && rune != Rune.ReplacementChar;
            plain.Append(rune.Value == '\\' ? "\\\\" : seen ? rune.ToString() : string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X4}}}"));
            if (plain.Length > Longest)
            {
                return $"\"{plain}…\"";
            }
        }

        return $"\"{plain}\"";
    }
}
