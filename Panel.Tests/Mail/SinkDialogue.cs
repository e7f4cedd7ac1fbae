using System.Net.Security;
using System.Text;

namespace Panel.Tests.Mail;

/// <summary>One connection of a <see cref="ScriptedSink"/>.</summary>
internal sealed class SinkDialogue(Stream stream, SinkScript script, ScriptedSink sink) : IAsyncDisposable
{
    private static readonly Encoding Wire = new UTF8Encoding(false);

    private Stream wire = stream;
    private readonly byte[] input = new byte[16 * 1024];
    private int start;
    private int end;
    private bool over;
    private bool silent;
    private string? from;
    private string? to;
    private bool failed;

    public ValueTask DisposeAsync() => wire.DisposeAsync();

    public async Task RunAsync()
    {
        if (script.TlsAtOnce)
        {
            await SecureAsync();
        }

        await ReplyAsync(script.Greeting);
        while (!over && await LineAsync() is { } bytes)
        {
            var line = Wire.GetString(bytes);
            if (script.KeepsMessages)
            {
                sink.Commands.Enqueue(line);
            }

            await AnswerAsync(line, line.Split(' ')[0].ToUpperInvariant());
        }
    }

    private async Task AnswerAsync(string line, string verb)
    {
        switch (verb)
        {
            case "EHLO" or "HELO":
                await ReplyAsync(verb == "EHLO" ? EhloReply() : "250 sink.example");
                break;
            case "STARTTLS":
                await ReplyAsync("220 2.0.0 Go ahead" + script.Injected);
                await SecureAsync();
                break;
            case "AUTH":
                await AuthAsync(line);
                break;
            case "MAIL":
                await MailAsync(Between(line));
                break;
            case "RCPT":
                await RecipientAsync(Between(line));
                break;
            case "DATA":
                await DataAsync();
                break;
            case "RSET":
                (from, to, failed) = (null, null, false);
                await ReplyAsync("250 2.0.0 Ok");
                break;
            case "QUIT":
                await ReplyAsync("221 2.0.0 Bye");
                over = true;
                break;
            default:
                await ReplyAsync("502 5.5.2 What?");
                break;
        }
    }

    private string EhloReply() =>
        script.Ehlo.Length > 0 ? script.Ehlo : string.Join('\n', [.. new[] { "sink.example" }.Concat(script.Extensions).SkipLast(1).Select(x => $"250-{x}"), $"250 {script.Extensions.LastOrDefault() ?? "HELP"}"]);

    private async Task AuthAsync(string line)
    {
        if (line.EndsWith("LOGIN", StringComparison.Ordinal))
        {
            foreach (var ask in new[] { "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6" })
            {
                await ReplyAsync(ask);
                sink.Commands.Enqueue(Wire.GetString(await LineAsync() ?? []));
            }
        }

        await ReplyAsync(script.Auth);
    }

    private async Task MailAsync(string address)
    {
        var reply = script.DemandsReset && (failed || from is not null) ? "503 5.5.1 Sender already specified" : script.Mail(address);
        from = reply.StartsWith('2') ? address : from;
        failed |= !reply.StartsWith('2');
        await ReplyAsync(reply);
    }

    private async Task RecipientAsync(string address)
    {
        var reply = from is null ? "503 5.5.1 MAIL first" : script.Recipient(address);
        to = reply.StartsWith('2') ? address : to;
        failed |= !reply.StartsWith('2');
        await ReplyAsync(reply);
    }

    private async Task DataAsync()
    {
        var reply = to is not null || script.OpensDataForNobody ? script.Data(to ?? "") : "554 5.5.1 No valid recipients";
        await ReplyAsync(reply);
        if (!reply.StartsWith('3') || await MessageAsync() is not { } message)
        {
            failed |= !reply.StartsWith('3');
            return;
        }

        var kept = script.KeepsMessages ? message : message with { Bytes = [] };
        sink.Dotted.Enqueue(kept);
        var answer = message.To.Length == 0 ? "554 5.5.1 No valid recipients" : script.Dot(message);
        if (answer.StartsWith("250", StringComparison.Ordinal))
        {
            sink.Accepted.Enqueue(kept);
        }

        (from, to, failed) = (null, null, !answer.StartsWith('2'));
        await ReplyAsync(answer);
    }

    private async Task<SinkMessage?> MessageAsync()
    {
        using var message = new MemoryStream();
        while (await LineAsync() is { } line)
        {
            if (line is [(byte)'.'])
            {
                return new SinkMessage(from ?? "", to ?? "", message.ToArray());
            }

            message.Write(line is [(byte)'.', ..] ? line.AsSpan(1) : line);
            message.Write("\r\n"u8);
            if (message.Length > 20 && script.DropsInMessage(to ?? ""))
            {
                over = true;
                return null;
            }
        }

        over = true;
        return null;
    }

    /// <summary>One line without its CRLF; a lone CR or LF is part of the line, so that smuggling shows.</summary>
    private async Task<byte[]?> LineAsync()
    {
        while (true)
        {
            var length = input.AsSpan(start, end - start).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                var line = input.AsSpan(start, length).ToArray();
                start += length + 2;
                return line;
            }

            input.AsSpan(start, end - start).CopyTo(input);
            (start, end) = (0, end - start);
            var read = end == input.Length ? 0 : await wire.ReadAsync(input.AsMemory(end));
            if (read == 0)
            {
                return null;
            }

            end += read;
        }
    }

    private async Task ReplyAsync(string reply)
    {
        if (script.Delay > TimeSpan.Zero)
        {
            await Task.Delay(script.Delay);
        }

        silent |= reply == SinkScript.Silence;
        over |= reply == SinkScript.Drop;
        if (silent || over)
        {
            return;
        }

        var bytes = Wire.GetBytes(reply.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n");
        var at = 0;
        while (at < bytes.Length)
        {
            var piece = script.Pace switch
            {
                Pace.Byte => 1,
                Pace.Line => Array.IndexOf(bytes, (byte)'\n', at) - at + 1,
                _ => bytes.Length - at,
            };
            await wire.WriteAsync(bytes.AsMemory(at, piece));
            at += piece;
        }
    }

    private async Task SecureAsync()
    {
        var secured = new SslStream(wire);
        wire = secured;
        start = end = 0;
        await secured.AuthenticateAsServerAsync(script.Certificate!);
    }

    private static string Between(string line) => line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.LastIndexOf('>')];
}
