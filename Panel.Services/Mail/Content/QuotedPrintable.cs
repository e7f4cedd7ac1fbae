using System.Buffers;
using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>The body encoding of RFC 2045 §6.7: lines of at most 76 characters, nothing but printable ASCII.</summary>
public static class QuotedPrintable
{
    private const int LineLimit = 76;

    /// <summary>What may stand for itself: printable ASCII without the equals sign, and blanks.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create(" \t" + string.Concat(Enumerable.Range(33, 94).Select(c => (char)c).Where(c => c != '=')));

    private static ReadOnlySpan<byte> Hex => "0123456789ABCDEF"u8;

    /// <summary>Encodes text whose lines end in LF; starts at the beginning of a line and ends wherever the text does.</summary>
    /// <returns>The column reached.</returns>
    public static int Encode(IBufferWriter<byte> output, ReadOnlySpan<char> text)
    {
        var column = 0;
        Span<byte> utf8 = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            // The last of a run goes the careful way: what it may be depends on what follows.
            var run = text.IndexOfAnyExcept(Plain) is >= 0 and var end ? end : text.Length;
            if (run > 1)
            {
                column = Copy(output, text[..(run - 1)], column);
                text = text[(run - 1)..];
            }

            Rune.DecodeFromUtf16(text, out var rune, out var used);
            text = text[used..];
            if (rune.Value == '\n')
            {
                output.Write("\r\n"u8);
                column = 0;
                continue;
            }

            var bytes = utf8[..rune.EncodeToUtf8(utf8)];
            column = Write(output, bytes, IsPlain(rune.Value, atEnd: text.IsEmpty || text[0] == '\n'), column);
        }

        return column;
    }

    /// <summary>One person's value between two pieces of a template: alone on its lines, joined by soft breaks.</summary>
    public static void EncodeSlot(IBufferWriter<byte> output, ReadOnlySpan<char> value)
    {
        Encode(output, value);
        output.Write("=\r\n"u8);
    }

    private static int Copy(IBufferWriter<byte> output, ReadOnlySpan<char> plain, int column)
    {
        while (!plain.IsEmpty)
        {
            if (column == LineLimit - 1)
            {
                output.Write("=\r\n"u8);
                column = 0;
            }

            if (column == 0 && plain[0] is ('.' or 'F'))
            {
                column = Write(output, [(byte)plain[0]], plain: true, column);
                plain = plain[1..];
                continue;
            }

            var room = Math.Min(plain.Length, LineLimit - 1 - column);
            Ascii.FromUtf16(plain[..room], output.GetSpan(room), out var written);
            output.Advance(written);
            column += written;
            plain = plain[room..];
        }

        return column;
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
