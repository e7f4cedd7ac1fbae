namespace Panel.Services.Finger;

/// <summary>The first line of what a client sent, freed of telnet commands (RFC 742: "a server may filter" them; RFC 854).</summary>
internal static class TelnetLine
{
    /// <summary>The longest query line in bytes, its end and any telnet commands included; finger servers agree on 512.</summary>
    public const int Limit = 512;

    private const byte EndOfSubnegotiation = 240, Subnegotiation = 250, Will = 251, Dont = 254, Interpret = 255;

    /// <summary>Copies the text of the first line into <paramref name="line"/>, which is at least as long as what was received.</summary>
    /// <returns>True when the end of the line (LF, CR or both) is among the bytes; false when more may follow.</returns>
    public static bool Read(ReadOnlySpan<byte> received, Span<byte> line, out int length)
    {
        length = 0;
        for (var i = 0; i < received.Length; i++)
        {
            switch (received[i])
            {
                // A telnet client in character mode ends its line with CR NUL, so CR alone ends it too (RFC 854).
                case (byte)'\n' or (byte)'\r':
                    return true;
                case Interpret:
                    i = Command(received, i, line, ref length);
                    break;
                case var other:
                    line[length++] = other;
                    break;
            }
        }

        return false;
    }

    /// <summary>Skips one command and returns the place of its last byte, which may lie after what was received.</summary>
    private static int Command(ReadOnlySpan<byte> received, int at, Span<byte> line, ref int length)
    {
        switch (at + 1 < received.Length ? received[at + 1] : 0)
        {
            case Interpret:
                line[length++] = Interpret;
                return at + 1;
            case >= Will and <= Dont:
                return at + 2;
            case Subnegotiation:
                // Window sizes and the like may hold CR and LF: only IAC SE ends them.
                var end = received[at..].IndexOf([Interpret, EndOfSubnegotiation]);
                return end < 0 ? received.Length : at + end + 1;
            default:
                return at + 1;
        }
    }
}
