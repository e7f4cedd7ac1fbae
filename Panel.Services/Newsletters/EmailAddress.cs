using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Panel.Services.Newsletters;

/// <summary>A mail address that SMTP can carry: local part at most 64 octets, domain at most 255 (RFC 5321 §4.5.3.1), no
/// quoted strings, no comments, no control characters; an IDN domain becomes its A-label for look-ups.</summary>
public sealed partial record EmailAddress(string Typed, string Local, string Domain)
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };

    /// <summary>Equal for spellings that reach the same mailbox on every server we know: case and Unicode form do not
    /// count, dots and plus tags do (only the receiving server may judge those).</summary>
    public string Key => $"{Local.Normalize(System.Text.NormalizationForm.FormKC).ToLowerInvariant()}@{Domain}";

    /// <summary>Equal for spellings that some large provider delivers to the same mailbox: dots and plus tags do not count
    /// either. For limits only (rule S7); nobody is refused or merged by it.</summary>
    public string LimitKey
    {
        get
        {
            var local = Key[..Key.LastIndexOf('@')];
            var plus = local.IndexOf('+', StringComparison.Ordinal);
            return $"{(plus > 0 ? local[..plus] : local).Replace(".", "", StringComparison.Ordinal)}@{Domain}";
        }
    }

    /// <summary>The address in <paramref name="text"/>, or null when it is not one.</summary>
    public static EmailAddress? Parse(string? text)
    {
        var typed = text?.Trim() ?? "";
        var at = typed.LastIndexOf('@');
        if (at < 1 || typed.Length > 254)
        {
            return null;
        }

        var (local, host) = (typed[..at], typed[(at + 1)..]);
        if (System.Text.Encoding.UTF8.GetByteCount(local) > 64 || !LocalPart().IsMatch(local) || ToALabel(host) is not { } domain)
        {
            return null;
        }

        return new EmailAddress($"{local}@{host}", local, domain);
    }

    private static string? ToALabel(string host)
    {
        // Plain letters need no table; what is or looks like an A-label is checked by the table.
        if (Ascii.IsValid(host) && !host.Contains("xn--", StringComparison.OrdinalIgnoreCase))
        {
            var plain = host.ToLowerInvariant();
            return plain.Length <= 253 && DomainName().IsMatch(plain) ? plain : null;
        }

        try
        {
            var ascii = Idn.GetAscii(host).ToLowerInvariant();
            return ascii.Length <= 253 && DomainName().IsMatch(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    // RFC 5322 §3.2.3 dot-atom, with the non-ASCII letters, digits and marks of RFC 6532.
    [GeneratedRegex(@"\A(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]|[\p{L}\p{N}\p{M}-[\x00-\x7f]])+(?:\.(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]|[\p{L}\p{N}\p{M}-[\x00-\x7f]])+)*\z")]
    private static partial Regex LocalPart();

    [GeneratedRegex(@"\A(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\z")]
    private static partial Regex DomainName();
}
