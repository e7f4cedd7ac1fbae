using System.Globalization;
using System.Text;

namespace Panel.Services.Mail.Smtp;

/// <summary>Values of DSN parameters (RFC 3461 §4): printable ASCII without plus and equals, everything else as +HH.</summary>
internal static class Xtext
{
    public static string Of(string value)
    {
        if (value.All(IsPlain))
        {
            return value;
        }

        var text = new StringBuilder(value.Length + 8);
        foreach (var b in Encoding.UTF8.GetBytes(value))
        {
            _ = IsPlain((char)b) ? text.Append((char)b) : text.Append(CultureInfo.InvariantCulture, $"+{b:X2}");
        }

        return text.ToString();
    }

    private static bool IsPlain(char c) => c is >= '!' and <= '~' and not ('+' or '=');
}
