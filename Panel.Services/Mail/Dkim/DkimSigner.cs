using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Panel.Services.Mail.Dkim;

/// <summary>
/// Signs finished messages for one domain: rsa-sha256, relaxed/relaxed, From signed twice so that none can be added, no
/// <c>l=</c> (RFC 6376, RFC 8301 §3, rules A9, A10, H3). Safe to use from many senders at the same time.
/// </summary>
public sealed class DkimSigner : IDisposable
{
    /// <summary>Signed where present; a second, absent <c>from</c> follows (RFC 6376 §8.15).</summary>
    private static readonly string[] Signed =
    [
        "from", "reply-to", "to", "subject", "date", "message-id", "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-post",
        "list-archive", "list-owner", "list-help", "feedback-id", "auto-submitted", "mime-version", "content-type", "content-transfer-encoding",
    ];

    private readonly ConcurrentBag<Desk> desks = [];
    private readonly string domain;
    private readonly string selector;
    private readonly string pem;

    /// <param name="privatePem">PKCS#8, as <see cref="DkimKey.PrivatePem"/>.</param>
    /// <exception cref="ArgumentException">The key is none, or shorter than 1024 bits (RFC 8301 §3.2).</exception>
    public DkimSigner(string domain, string selector, string privatePem)
    {
        (this.domain, this.selector, pem) = (domain, selector, privatePem);
        var first = new Desk(privatePem);
        desks.Add(first);
        if (first.Key.KeySize < 1024)
        {
            first.Dispose();
            throw new ArgumentException("A DKIM key must have at least 1024 bits.", nameof(privatePem));
        }
    }

    /// <summary>Writes the DKIM-Signature field that belongs in front of the message; the message must not change afterwards.</summary>
    /// <param name="message">Header and body, CRLF lines.</param>
    public void Sign(ReadOnlySpan<byte> message, DateTimeOffset at, IBufferWriter<byte> output)
    {
        var desk = desks.TryTake(out var free) ? free : new Desk(pem);
        try
        {
            Sign(desk, message, at, output);
        }
        finally
        {
            desks.Add(desk);
        }
    }

    public void Dispose()
    {
        while (desks.TryTake(out var desk))
        {
            desk.Dispose();
        }
    }

    private void Sign(Desk desk, ReadOnlySpan<byte> message, DateTimeOffset at, IBufferWriter<byte> output)
    {
        var end = message.IndexOf("\r\n\r\n"u8);
        var header = end < 0 ? message : message[..(end + 2)];
        var body = end < 0 ? [] : message[(end + 4)..];

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        desk.Text.ResetWrittenCount();
        RelaxedCanon.Body(desk.Text, body);
        SHA256.HashData(desk.Text.WrittenSpan, hash);
        var bodyHash = Convert.ToBase64String(hash);

        desk.Text.ResetWrittenCount();
        var names = WriteHeaders(desk.Text, header);
        var field = Encoding.ASCII.GetBytes(
            $"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};\r\n\tt={at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}; h={names};\r\n\tbh={bodyHash};\r\n\tb=");
        RelaxedCanon.Header(desk.Text, field);
        SHA256.HashData(desk.Text.WrittenSpan[..^2], hash);

        Span<byte> signature = stackalloc byte[512];
        if (!desk.Key.TrySignHash(hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1, out var length))
        {
            throw new CryptographicException("The DKIM key is longer than 4096 bits.");
        }

        output.Write(field);
        WriteFolded(output, Convert.ToBase64String(signature[..length]));
    }

    /// <summary>Canonical header fields in the order of the names that are returned: the last one of each name, From also in its absence.</summary>
    private static string WriteHeaders(ArrayBufferWriter<byte> text, ReadOnlySpan<byte> header)
    {
        var names = new StringBuilder();
        var column = 80;
        foreach (var name in Signed)
        {
            if (Find(header, name) is { IsEmpty: false } field)
            {
                RelaxedCanon.Header(text, field);
                Name(name);
            }
        }

        Name("from");
        return names.ToString();

        void Name(string name)
        {
            column += name.Length + 1;
            names.Append(names.Length == 0 ? "" : column > 72 ? ":\r\n\t" : ":").Append(name);
            column = column > 72 ? name.Length + 8 : column;
        }
    }

    /// <summary>The lowest field of that name (RFC 6376 §5.4.2), with its folded lines.</summary>
    private static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> header, string name)
    {
        ReadOnlySpan<byte> found = [];
        while (!header.IsEmpty)
        {
            var length = FieldLength(header);
            var field = header[..length];
            if (length > name.Length && field[name.Length] == (byte)':' && Ascii.EqualsIgnoreCase(field[..name.Length], name))
            {
                found = field;
            }

            header = header[length..];
        }

        return found;
    }

    private static int FieldLength(ReadOnlySpan<byte> header)
    {
        var length = 0;
        do
        {
            var line = header[length..].IndexOf("\r\n"u8);
            length = line < 0 ? header.Length : length + line + 2;
        }
        while (length < header.Length && header[length] is (byte)' ' or (byte)'\t');
        return length;
    }

    private static void WriteFolded(IBufferWriter<byte> output, string base64)
    {
        for (var at = 0; at < base64.Length; at += 72)
        {
            output.Write(at == 0 ? ""u8 : "\r\n\t"u8);
            output.Write(Encoding.ASCII.GetBytes(base64.Substring(at, Math.Min(72, base64.Length - at))));
        }

        output.Write("\r\n"u8);
    }

    /// <summary>A key and a buffer for one signature at a time: RSA objects are not promised to be safe for two.</summary>
    private sealed class Desk : IDisposable
    {
        public Desk(string pem) => Key.ImportFromPem(pem);

        public RSA Key { get; } = RSA.Create();

        public ArrayBufferWriter<byte> Text { get; } = new(16 * 1024);

        public void Dispose() => Key.Dispose();
    }
}
