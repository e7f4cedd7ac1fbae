using System.Buffers.Text;
using System.Globalization;

namespace Panel.Services.Mail.Returned;

/// <summary>Content-Transfer-Encoding of a part (RFC 2045 §6). What does not decode stays as it came.</summary>
internal static class TransferDecoding
{
    public static ReadOnlyMemory<byte> Decode(string encoding, ReadOnlyMemory<byte> bytes) => encoding switch
    {
        "base64" => Base64Of(bytes.Span) ?? bytes,
        "quoted-printable" => QuotedPrintable(bytes.Span),
        _ => bytes,
    };

    private static byte[]? Base64Of(ReadOnlySpan<byte> bytes)
    {
        var into = new byte[Base64.GetMaxDecodedFromUtf8Length(bytes.Length)];
        return Base64.DecodeFromUtf8(bytes, into, out _, out var written) == System.Buffers.OperationStatus.Done ? into[..written] : null;
    }

    private static byte[] QuotedPrintable(ReadOnlySpan<byte> bytes)
    {
        var decoded = new List<byte>(bytes.Length);
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != '=')
            {
                decoded.Add(bytes[i]);
            }
            else if (i + 2 < bytes.Length && byte.TryParse(bytes.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                decoded.Add(value);
                i += 2;
            }
            else if (i + 1 < bytes.Length && bytes[i + 1] is (byte)'\r' or (byte)'\n')
            {
                i += bytes[i + 1] == '\r' && i + 2 < bytes.Length && bytes[i + 2] == '\n' ? 2 : 1;
            }
            else
            {
                decoded.Add(bytes[i]);
            }
        }

        return [.. decoded];
    }
}
