using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Panel.Services.Mail.Returned;

/// <summary>A part of a message: its headers and its decoded bytes.</summary>
public sealed record MailPart(MailHeaders Headers, ReadOnlyMemory<byte> Body)
{
    private const int MostParts = 50;
    private const int Deepest = 4;

    public string Type => Headers.Word("Content-Type") is { Length: > 0 } type ? type : "text/plain";

    /// <summary>The body as text: UTF-8, or Latin-1 where that does not hold.</summary>
    public string Text
    {
        get
        {
            try
            {
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Body.Span);
            }
            catch (DecoderFallbackException)
            {
                return Encoding.Latin1.GetString(Body.Span);
            }
        }
    }

    /// <summary>The message itself and, first to last, every part in it, at most four levels deep. What is malformed ends the list.</summary>
    public static async Task<IReadOnlyList<MailPart>> ReadAsync(ReadOnlyMemory<byte> message)
    {
        var parts = new List<MailPart>();
        await AddAsync(message, parts, 0);
        return parts;
    }

    private static async Task AddAsync(ReadOnlyMemory<byte> bytes, List<MailPart> parts, int depth)
    {
        var (headers, body) = MailHeaders.Read(bytes);
        await AddAsync(headers, body, parts, depth);
    }

    private static async Task AddAsync(MailHeaders headers, ReadOnlyMemory<byte> body, List<MailPart> parts, int depth)
    {
        var part = new MailPart(headers, TransferDecoding.Decode(headers.Word("Content-Transfer-Encoding"), body));
        parts.Add(part);
        var boundary = headers.Parameter("Content-Type", "boundary");
        if (depth == Deepest || parts.Count >= MostParts || boundary.Length is 0 or > 70 || !part.Type.StartsWith("multipart/", StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            using var stream = new MemoryStream(body.ToArray());
            var reader = new MultipartReader(boundary, stream) { HeadersCountLimit = 200, HeadersLengthLimit = 64 * 1024 };
            while (parts.Count < MostParts && await reader.ReadNextSectionAsync() is { } section)
            {
                using var inside = new MemoryStream();
                await section.Body.CopyToAsync(inside);
                await AddAsync(HeadersOf(section), inside.ToArray(), parts, depth + 1);
            }
        }
        catch (Exception bent) when (bent is IOException or InvalidDataException)
        {
            // A report that was cut off or bent: what was read so far is all there is.
        }
    }

    private static MailHeaders HeadersOf(MultipartSection section)
    {
        var lines = (section.Headers ?? []).SelectMany(h => h.Value, (h, value) => $"{h.Key}: {value}\r\n");
        return MailHeaders.Read(Encoding.UTF8.GetBytes(string.Concat(lines))).Headers;
    }
}
