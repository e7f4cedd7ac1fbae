using System.Buffers;

namespace Panel.Services.Mail.Smtp;

/// <summary>The transparency of RFC 5321 §4.5.2: a line that begins with a dot gets one more.</summary>
internal static class DotStuffing
{
    /// <summary>True when every line ends in CRLF and no CR or LF stands alone: a lone one lets a message smuggle commands (RFC 5321 §2.3.8).</summary>
    public static bool IsClean(ReadOnlySpan<byte> message)
    {
        var lines = message.Count("\r\n"u8);
        return message.Count((byte)'\n') == lines && message.Count((byte)'\r') == lines;
    }

    /// <summary>Writes the message stuffed and ended by CRLF; the final dot is not part of it.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> message)
    {
        var endsInLine = message.EndsWith("\r\n"u8);
        if (message.StartsWith((byte)'.'))
        {
            output.Write("."u8);
        }

        for (int at; (at = message.IndexOf("\n."u8)) >= 0; message = message[(at + 1)..])
        {
            output.Write(message[..(at + 1)]);
            output.Write("."u8);
        }

        output.Write(message);
        if (!endsInLine)
        {
            output.Write("\r\n"u8);
        }
    }
}
