using System.Buffers;
using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>One body part as ready bytes with slots between them.</summary>
internal sealed class TemplatePart
{
    private readonly MailText text;
    private readonly List<(byte[] Bytes, MailSlot? Slot)> pieces = [];

    /// <param name="start">The part's boundary and headers.</param>
    public TemplatePart(string start, MailText text)
    {
        this.text = text;
        var buffer = new ArrayBufferWriter<byte>();
        buffer.Write(Encoding.ASCII.GetBytes(start));
        foreach (var (literal, slot) in text.Pieces())
        {
            QuotedPrintable.Encode(buffer, literal);
            if (slot is not null)
            {
                buffer.Write("=\r\n"u8);
            }

            pieces.Add((buffer.WrittenSpan.ToArray(), slot));
            buffer.ResetWrittenCount();
        }
    }

    public void Write(IBufferWriter<byte> output, IReadOnlyDictionary<string, string> values)
    {
        foreach (var (bytes, slot) in pieces)
        {
            output.Write(bytes);
            if (slot is not null)
            {
                QuotedPrintable.EncodeSlot(output, text.ValueOf(slot, values));
            }
        }
    }
}
