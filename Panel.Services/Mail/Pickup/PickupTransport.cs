using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Panel.Services.Mail.Pickup;

/// <summary>Where pickup files lie.</summary>
public sealed class PickupOptions
{
    /// <summary>The outbox; set from <c>Panel:Data</c>.</summary>
    public string Folder { get; set; } = Path.Combine("data", "outbox");
}

/// <summary>Writes each message as one .eml file and sends nothing. The default, so that a fresh Panel mails nobody by accident.</summary>
public sealed class PickupTransport(IOptions<PickupOptions> options, IOptions<MailOptions> mail) : IMailTransport
{
    public string Name => MailTransports.Pickup;

    public int Connections => mail.Value.Smtp.Connections;

    public Task<MailOpening> OpenAsync(CancellationToken ct)
    {
        try
        {
            Directory.CreateDirectory(options.Value.Folder);
            return Task.FromResult(new MailOpening(
                new PickupConnection(options.Value.Folder), MailReply.Own(MailResult.Accepted, $"Mail is written to {options.Value.Folder}.")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Task.FromResult(new MailOpening(null, PickupConnection.CannotWrite(e)));
        }
    }
}

/// <summary>
/// A file per (message id, recipient), whole or not at all: written under a temporary name, synced, renamed, its folder
/// synced. The same message again replaces nothing and makes no second file.
/// </summary>
internal sealed class PickupConnection(string folder) : IMailConnection
{
    public bool IsOpen { get; private set; } = true;

    public async Task<MailReply> SendAsync(
        string from, string to, ReadOnlyMemory<byte> message, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        if (!IsOpen)
        {
            return MailReply.Own(MailResult.NotSent, "The outbox is closed.");
        }

        if (Smtp.SmtpChecks.Refuse(from, to, message.Span, Smtp.SmtpExtensions.All, out var sender, out var recipient) is { } refusal)
        {
            return refusal;
        }

        var path = Path.Combine(folder, FileName(recipient.Path, message.Span));
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await WriteAsync(temporary, Envelope(sender, recipient), message, ct);
            return await HandOverAsync(temporary, path, beforeFinalDot, ct);
        }
        catch (OperationCanceledException)
        {
            return MailReply.Own(MailResult.NotSent, "The sending was stopped before the file was there.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CannotWrite(e);
        }
        finally
        {
            if (File.Exists(temporary))
            {
                File.Delete(temporary);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        IsOpen = false;
        return ValueTask.CompletedTask;
    }

    public static MailReply CannotWrite(Exception e) =>
        MailReply.Own(MailResult.OurFault, $"The outbox cannot be written: {e.Message}");

    private async Task<MailReply> HandOverAsync(string temporary, string path, Func<CancellationToken, Task<bool>> beforeFinalDot, CancellationToken ct)
    {
        if (!await beforeFinalDot(ct))
        {
            IsOpen = false;
            return MailReply.Own(MailResult.NotSent, "The hand-over was called off before the file was there.");
        }

        ct.ThrowIfCancellationRequested();
        if (!File.Exists(path))
        {
            File.Move(temporary, path, overwrite: true);
            FolderSync.Flush(folder);
        }

        return new MailReply(MailResult.Accepted, 250, "2.0.0", $"Written to {Path.GetFileName(path)}.");
    }

    private static async Task WriteAsync(string path, byte[] envelope, ReadOnlyMemory<byte> message, CancellationToken ct)
    {
        await using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        await file.WriteAsync(envelope, ct);
        await file.WriteAsync(message, ct);
        file.Flush(flushToDisk: true);
    }

    /// <summary>The envelope as header lines on top, which no signature covers and no reader of the message misses.</summary>
    private static byte[] Envelope(EnvelopeAddress from, EnvelopeAddress to) =>
        Encoding.UTF8.GetBytes($"X-Envelope-From: <{from.Path}>\r\nX-Envelope-To: <{to.Path}>\r\n");

    /// <summary>128 bits over recipient and Message-ID; over the whole message where it has no id.</summary>
    private static string FileName(string to, ReadOnlySpan<byte> message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(to));
        hash.AppendData("\n"u8);
        hash.AppendData(MessageId(message) is { Length: > 0 } id ? id : message);
        return $"{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16))}.eml";
    }

    private static ReadOnlySpan<byte> MessageId(ReadOnlySpan<byte> message)
    {
        var end = message.IndexOf("\r\n\r\n"u8);
        var headers = end < 0 ? message : message[..end];
        foreach (var range in headers.Split((byte)'\n'))
        {
            if (headers[range] is var line && line.Length > 11 && Ascii.EqualsIgnoreCase(line[..11], "Message-ID:"u8))
            {
                return line[11..].Trim(" \t\r"u8);
            }
        }

        return [];
    }
}
