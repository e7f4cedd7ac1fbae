using System.Buffers;

namespace Panel.Services.Mail.Lmtp;

/// <summary>Takes the bytes of DATA apart from what follows: ends at CRLF.CRLF and nothing else, removes the stuffed dots
/// (RFC 5321 §4.5.2), keeps at most a given length and counts on.</summary>
internal sealed class DotReader(int most)
{
    private readonly ArrayBufferWriter<byte> message = new(16 * 1024);
    private Place place = Place.LineStart;

    private enum Place { LineStart, Dot, DotCr, Inside, Cr }

    public bool TooBig { get; private set; }

    public ReadOnlyMemory<byte> Message => message.WrittenMemory;

    /// <summary>Reads on; true at the end, with how many of <paramref name="bytes"/> belonged to the message.</summary>
    public bool Read(ReadOnlySpan<byte> bytes, out int used)
    {
        for (used = 0; used < bytes.Length; used++)
        {
            var b = bytes[used];
            switch (place)
            {
                case Place.LineStart when b == '.':
                    place = Place.Dot;
                    break;
                case Place.Dot when b == '\r':
                    place = Place.DotCr;
                    break;
                case Place.DotCr when b == '\n':
                    used++;
                    return true;
                case Place.DotCr:
                    Keep((byte)'\r');
                    Inside(b);
                    break;
                default:
                    Inside(b);
                    break;
            }
        }

        return false;
    }

    private void Inside(byte b)
    {
        place = b == '\r' ? Place.Cr : b == '\n' && place == Place.Cr ? Place.LineStart : Place.Inside;
        Keep(b);
    }

    private void Keep(byte b)
    {
        TooBig |= message.WrittenCount >= most;
        if (!TooBig)
        {
            message.GetSpan(1)[0] = b;
            message.Advance(1);
        }
    }
}
