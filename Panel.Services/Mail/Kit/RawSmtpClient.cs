#if MAILKIT
using MailKit.Net.Smtp;
using MimeKit;

namespace Panel.Services.Mail.Kit;

/// <summary>MailKit's client taught to leave our bytes alone: nothing is prepared, nothing measured by writing it twice.</summary>
internal sealed class RawSmtpClient : SmtpClient
{
    protected override void Prepare(FormatOptions options, MimeMessage message, EncodingConstraint constraint, int maxLineLength)
    {
        // A signed message that is re-encoded is no longer signed (rule A10).
    }

    protected override long GetSize(FormatOptions options, MimeMessage message, CancellationToken cancellationToken) => ((RawBody)message.Body!).MessageLength;

    protected override Task<long> GetSizeAsync(FormatOptions options, MimeMessage message, CancellationToken cancellationToken) =>
        Task.FromResult(((RawBody)message.Body!).MessageLength);
}

/// <summary>The body of a finished message as one piece of bytes, at whose end the ledger is asked.</summary>
internal sealed class RawBody : MimePart
{
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly Func<CancellationToken, Task> atEnd;

    private RawBody(ReadOnlyMemory<byte> bytes, long messageLength, Func<CancellationToken, Task> atEnd)
    {
        (this.bytes, MessageLength, this.atEnd) = (bytes, messageLength, atEnd);
        Headers.Clear();
    }

    public long MessageLength { get; }

    /// <summary>All header fields raw in the message, none in the body, so that MailKit writes them in their order and unfolded by nobody.</summary>
    public static MimeMessage Wrap(ReadOnlyMemory<byte> message, Func<CancellationToken, Task> atEnd)
    {
        var end = message.Span.IndexOf("\r\n\r\n"u8);
        var (header, body) = end < 0 ? (message, ReadOnlyMemory<byte>.Empty) : (message[..(end + 2)], message[(end + 4)..]);
        var wrapped = new MimeMessage();
        wrapped.Headers.Clear();
        using var stream = new MemoryStream([.. header.Span, .. "\r\n"u8], writable: false);
        foreach (var field in HeaderList.Load(stream))
        {
            wrapped.Headers.Add(field);
        }

        wrapped.Body = new RawBody(body, message.Length, atEnd);
        return wrapped;
    }

    public override void WriteTo(FormatOptions options, Stream stream, bool contentOnly, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("Messages leave asynchronously.");

    public override async Task WriteToAsync(FormatOptions options, Stream stream, bool contentOnly, CancellationToken cancellationToken = default)
    {
        await stream.WriteAsync(bytes, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        await atEnd(cancellationToken);
    }
}
#endif
