using System.Buffers;
using System.Globalization;
using System.Text;

namespace Panel.Services.Mail;

/// <summary>An address made fit for the envelope: limits of RFC 5321 §4.5.3.1 kept, domain as A-labels, nothing that ends a command.</summary>
/// <param name="Path">The address as it stands between the angle brackets; empty is the null sender.</param>
/// <param name="NeedsUtf8">Its local part can only go to a server with SMTPUTF8 (RFC 6531 §3.2); it is never rewritten.</param>
public readonly record struct EnvelopeAddress(string Path, bool NeedsUtf8)
{
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true };
    private static readonly SearchValues<char> InLiteral = SearchValues.Create("0123456789abcdefABCDEFIPv:.");
    private static readonly SearchValues<char> InDomain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

    /// <summary>Reads an address; null when it can be no recipient.</summary>
    public static EnvelopeAddress? Read(string address)
    {
        var at = address.LastIndexOf('@');
        if (at < 1 || at == address.Length - 1 || !IsLocalPart(address.AsSpan(0, at)))
        {
            return null;
        }

        var domain = address[(at + 1)..];
        if (!Ascii.IsValid(domain))
        {
            try
            {
                domain = Idn.GetAscii(domain);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        var local = address[..at];
        var octets = Encoding.UTF8.GetByteCount(local);
        var fits = octets <= 64 && domain.Length <= 255 && octets + domain.Length + 3 <= 256;
        return fits && IsDomain(domain) ? new EnvelopeAddress(domain.Length == address.Length - at - 1 ? address : $"{local}@{domain}", !Ascii.IsValid(local)) : null;
    }

    private static bool IsDomain(ReadOnlySpan<char> domain) =>
        domain is ['[', .., ']']
            ? !domain[1..^1].ContainsAnyExcept(InLiteral)
            : !domain.ContainsAnyExcept(InDomain)
                && domain[0] is not ('.' or '-') && domain[^1] is not ('.' or '-') && domain.IndexOf("..", StringComparison.Ordinal) < 0;

    /// <summary>A dot-atom or a quoted string (RFC 5321 §4.1.2), also of letters outside ASCII (RFC 6531 §3.3).</summary>
    private static bool IsLocalPart(ReadOnlySpan<char> local)
    {
        if (local is ['"', .., '"'] && local.Length > 2)
        {
            return IsQuotedInside(local[1..^1]);
        }

        foreach (var c in local)
        {
            if (c <= ' ' || c == 127 || char.IsControl(c) || char.IsWhiteSpace(c) || "()<>[]:;@\\,\"".Contains(c))
            {
                return false;
            }
        }

        return local[0] != '.' && local[^1] != '.' && local.IndexOf("..", StringComparison.Ordinal) < 0 && IsWellFormed(local);
    }

    private static bool IsQuotedInside(ReadOnlySpan<char> inside)
    {
        for (var i = 0; i < inside.Length; i++)
        {
            if (IsUnfit(inside[i]) || inside[i] == '"' || (inside[i] == '\\' && (++i == inside.Length || IsUnfit(inside[i]))))
            {
                return false;
            }
        }

        return IsWellFormed(inside);
    }

    /// <summary>Controls, and separators that some reader may take for the end of a line.</summary>
    private static bool IsUnfit(char c) => char.IsControl(c) || (char.IsWhiteSpace(c) && c != ' ');

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var used) != OperationStatus.Done)
            {
                return false;
            }

            text = text[used..];
        }

        return true;
    }
}
