using System.Buffers;
using System.Globalization;
using System.Text;

namespace Panel.Services.Finger;

/// <summary>Keeps what a terminal is shown harmless: printable characters, tab and CRLF, nothing else (RFC 1288 §2.2, §3.3).</summary>
public static class FingerText
{
    private const byte Delete = 0x7F;

    private static readonly SearchValues<byte> Plain =
        SearchValues.Create([(byte)'\t', .. Enumerable.Range(0x20, Delete - 0x20).Select(b => (byte)b)]);

    /// <summary>Writes text of many lines: LF and CRLF become CRLF, controls <c>^X</c>, C1 controls and bad bytes <c>\xNN</c>.</summary>
    public static void Write(IBufferWriter<byte> to, ReadOnlySpan<byte> utf8) => Write(to, utf8, lines: true);

    /// <summary>Writes text that must stay on one line: line ends are shown as <c>^J</c> and <c>^M</c> like every other control.</summary>
    public static void WriteLine(IBufferWriter<byte> to, string label, string text)
    {
        to.Write(Encoding.UTF8.GetBytes(label));
        Write(to, Encoding.UTF8.GetBytes(text), lines: false);
        to.Write("\r\n"u8);
    }

    /// <summary>The first character that may not be saved, or null: controls other than tab and line ends, and half surrogates.</summary>
    /// <param name="text">Lines end in LF or CRLF.</param>
    /// <param name="lines">False when the text must be one line, so that line ends are refused too.</param>
    public static IEnumerable<FingerFault> Faults(string text, bool lines)
    {
        var (line, column) = (1, 0);
        for (var i = 0; i < text.Length; i++)
        {
            column++;
            var c = text[i];
            if (char.IsSurrogatePair(text, i))
            {
                i++;
            }
            else if (lines && (c == '\n' || (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n')))
            {
                (line, column) = c == '\n' ? (line + 1, 0) : (line, column);
            }
            else if ((char.IsControl(c) && c != '\t') || char.IsSurrogate(c))
            {
                yield return new FingerFault(line, column, c);
            }
        }
    }

    private static void Write(IBufferWriter<byte> to, ReadOnlySpan<byte> text, bool lines)
    {
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(Plain);
            to.Write(plain < 0 ? text : text[..plain]);
            if (plain < 0)
            {
                return;
            }

            text = text[plain..];
            text = text[WriteSpecial(to, text, lines)..];
        }
    }

    /// <summary>Writes the one character at the start, which is not plain ASCII, and returns how many bytes it took.</summary>
    private static int WriteSpecial(IBufferWriter<byte> to, ReadOnlySpan<byte> text, bool lines)
    {
        var crlf = text.StartsWith("\r\n"u8);
        if (lines && (crlf || text[0] == (byte)'\n'))
        {
            to.Write("\r\n"u8);
            return crlf ? 2 : 1;
        }

        if (text[0] <= Delete)
        {
            to.Write([(byte)'^', (byte)(text[0] ^ 0x40)]);
            return 1;
        }

        var whole = Rune.DecodeFromUtf8(text, out var rune, out var length) == OperationStatus.Done;
        if (whole && !Rune.IsControl(rune))
        {
            to.Write(text[..length]);
            return length;
        }

        // A C1 control is two bytes of UTF-8; its number is what terminals and readers know it by.
        var shown = whole ? (byte)rune.Value : text[0];
        to.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\x{shown:X2}")));
        return whole ? length : 1;
    }
}

/// <summary>A character that may not stand in a plan, and where: line and column count from 1.</summary>
public readonly record struct FingerFault(int Line, int Column, char Character)
{
    /// <summary>The character as a terminal would show it, with its Unicode number.</summary>
    public string Shown => Character < 0x80
        ? string.Create(CultureInfo.InvariantCulture, $"^{(char)(Character ^ 0x40)} (U+{(int)Character:X4})")
        : string.Create(CultureInfo.InvariantCulture, $"U+{(int)Character:X4}");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"line {Line}, column {Column}: {Shown}");
}
