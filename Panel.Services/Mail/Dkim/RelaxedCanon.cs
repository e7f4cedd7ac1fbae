using System.Buffers;

namespace Panel.Services.Mail.Dkim;

/// <summary>The relaxed forms of RFC 6376 §3.4.2 and §3.4.4, over bytes.</summary>
internal static class RelaxedCanon
{
    /// <summary>Writes <c>name:value</c> CRLF of one header field that may be folded.</summary>
    public static void Header(IBufferWriter<byte> output, ReadOnlySpan<byte> field)
    {
        var colon = field.IndexOf((byte)':');
        foreach (var b in field[..colon].TrimEnd(" \t"u8))
        {
            Write(output, (byte)(b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b));
        }

        output.Write(":"u8);
        Squeeze(output, field[(colon + 1)..].Trim(" \t\r\n"u8));
        output.Write("\r\n"u8);
    }

    /// <summary>Writes a body: no space at line ends, runs as one space, no empty lines at the end.</summary>
    public static void Body(IBufferWriter<byte> output, ReadOnlySpan<byte> body)
    {
        var empty = 0;
        while (!body.IsEmpty)
        {
            var end = body.IndexOf("\r\n"u8);
            var line = (end < 0 ? body : body[..end]).TrimEnd(" \t"u8);
            body = end < 0 ? [] : body[(end + 2)..];
            if (line.IsEmpty)
            {
                empty++;
                continue;
            }

            for (; empty > 0; empty--)
            {
                output.Write("\r\n"u8);
            }

            Squeeze(output, line);
            output.Write("\r\n"u8);
        }
    }

    private static void Squeeze(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAny("\t\r\n"u8) < 0 && text.IndexOf("  "u8) < 0)
        {
            output.Write(text);
            return;
        }

        var space = false;
        foreach (var b in text)
        {
            if (b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                space |= b is (byte)' ' or (byte)'\t';
                continue;
            }

            if (space)
            {
                Write(output, (byte)' ');
                space = false;
            }

            Write(output, b);
        }
    }

    private static void Write(IBufferWriter<byte> output, byte b)
    {
        output.GetSpan(1)[0] = b;
        output.Advance(1);
    }
}
