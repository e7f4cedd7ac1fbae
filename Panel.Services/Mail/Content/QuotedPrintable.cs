using System.Buffers;
using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>The body encoding of RFC 2045 §6.7: lines of at most 76 characters, nothing but printable ASCII.</summary>
public static class QuotedPrintable
{
    private const int LineLimit = 76;

    private static ReadOnlySpan<byte> Hex => "0123456789ABCDEF"u8;

    /// <summary>Encodes text whose lines end in LF; starts at the beginning of a line and ends wherever the text does.</summary>
    /// <returns>The column reached.</returns>
    public static int Encode(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        var column = 0;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == '\n')
            {
                output.Write("\r\n"u8);
                column = 0;
                text = text[1..];
                continue;
            }

            text = text[rune.Utf16SequenceLength..];
            var bytes = utf8[..rune.EncodeToUtf8(utf8)];
            var plain = IsPlain(rune.Value, atEnd: text.IsEmpty || text[0] == '\n');
            column = Write(output, bytes, plain, column);
        }

        return column;
    }

    /// <summary>One person's value between two pieces of a template: alone on its lines, joined by soft breaks.</summary>
    public static void EncodeSlot(IBufferWriter<byte> output, ReadOnlySpan<char> value)
    {
        Encode(output, value);
        output.Write("=\r\n"u8);
    }

    private static int Write(IBufferWriter<byte> output, ReadOnlySpan<byte> bytes, bool plain, int column)
    {
        foreach (var b in bytes)
        {
            var width = plain ? 1 : 3;
            if (column + width > LineLimit - 1)
            {
                output.Write("=\r\n"u8);
                column = 0;
            }

            // A dot that starts a line would have to be stuffed, "From " would be changed in old mailboxes.
            if (plain && (column > 0 || b is not ((byte)'.' or (byte)'F')))
            {
                output.GetSpan(1)[0] = b;
                output.Advance(1);
                column++;
                continue;
            }

            var room = output.GetSpan(3);
            (room[0], room[1], room[2]) = ((byte)'=', Hex[b >> 4], Hex[b & 15]);
            output.Advance(3);
            column += 3;
        }

        return column;
    }

    /// <summary>Space and tab may not end a line (rule 3 of §6.7); the equals sign begins an escape.</summary>
    private static bool IsPlain(int c, bool atEnd) => c is ' ' or '\t' ? !atEnd : c is > 32 and < 127 and not '=';
}
