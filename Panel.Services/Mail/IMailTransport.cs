namespace Panel.Services.Mail;

/// <summary>A way out for finished messages. Every implementation passes one shared contract test.</summary>
public interface IMailTransport
{
    /// <summary>The value of <c>Mail:Transport</c> that chooses it.</summary>
    string Name { get; }

    /// <summary>How many connections may usefully be open at the same time.</summary>
    int Connections { get; }

    /// <summary>
    /// Opens one connection: greeting, TLS and sign-in included. Never throws for what the other side does: a refusal
    /// (5xx, sign-in, certificate) is <see cref="MailResult.OurFault"/>, everything that may pass is <see cref="MailResult.Deferred"/>.
    /// </summary>
    Task<MailOpening> OpenAsync(CancellationToken ct);
}

/// <summary>One open way to hand over messages, one after the other. Not for use by two callers at once.</summary>
public interface IMailConnection : IAsyncDisposable
{
    /// <summary>False once the connection cannot take another message; then open a new one.</summary>
    bool IsOpen { get; }

    /// <summary>
    /// Hands over one message to one recipient and always returns what is known about it; it never throws for what the
    /// other side does. When <paramref name="ct"/> is cancelled before the final dot, nothing was sent; after the dot
    /// the answer is still awaited for a short grace, then the result is <see cref="MailResult.Unknown"/>.
    /// </summary>
    /// <param name="from">Envelope sender; empty is the null sender of notices (RFC 5321 §4.5.5).</param>
    /// <param name="to">The one recipient.</param>
    /// <param name="message">The finished bytes, CRLF lines, not dot-stuffed; sent as they are.</param>
    /// <param name="beforeFinalDot">
    /// Awaited when everything that can fail before the hand-over has been done and before the terminating
    /// <c>CRLF.CRLF</c> leaves: here "in DATA" is committed. False drops the connection; the message was not sent.
    /// </param>
    Task<MailReply> SendAsync(
        string from, string to, ReadOnlyMemory<byte> message, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct);

    /// <summary>
    /// Says, before <see cref="SendAsync"/>, which mail comes after that one, so that a relay with PIPELINING is asked for it
    /// together with the final dot: one round trip per message. Its final dot still waits for its own call. If another mail or
    /// none follows after all, nothing was sent and the connection is closed. Saying nothing is always right.
    /// </summary>
    void AnnounceNext(string from, string to, ReadOnlyMemory<byte> message)
    {
    }
}

/// <summary>The result of <see cref="IMailTransport.OpenAsync"/>: a connection, or the reply that says why there is none.</summary>
public readonly record struct MailOpening(IMailConnection? Connection, MailReply Reply);
