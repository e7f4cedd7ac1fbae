using System.Text;

namespace Panel.Services.Newsletters.Returning;

/// <summary>A stranger's bytes as text to look at: lines stay, everything that steers a terminal or the direction of text goes.</summary>
internal static class ReadableText
{
    public static string Of(byte[] bytes)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(bytes).ReplaceLineEndings("\n"));
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if ((char.IsControl(c) && c is not ('\n' or '\t')) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'))
            {
                text[i] = ' ';
            }
        }

        return text.ToString();
    }
}
