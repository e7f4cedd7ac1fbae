using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Panel.Services.Hosting.ProgramMails;

/// <summary>One mail of a member's program: the envelope sender or an empty line, the message, and the end of the stream. The answer is
/// <c>ok</c> or the reason in words. Who writes is told by the kernel (SO_PEERCRED), never by the message.</summary>
internal sealed partial class ProgramMailDoor(IServiceScopeFactory scopes, TimeProvider time, ILogger<ProgramMailDoor> log) : ConnectionHandler
{
    /// <summary>At once for one member; the others wait for nobody.</summary>
    private const int MostAtOnce = 4;

    private const int LongestSender = 320;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<uint, int> busy = new();

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { AddressFamily: AddressFamily.Unix } socket)
        {
            return;
        }

        var peer = new byte[12]; // struct ucred: pid, uid, gid.
        socket.GetRawSocketOption(1, 17, peer);
        var uid = BitConverter.ToUInt32(peer, 4);
        using var late = new CancellationTokenSource(Patience, time);
        try
        {
            var answer = busy.AddOrUpdate(uid, 1, (_, n) => n + 1) > MostAtOnce ? "Too many mails at once; try again in a moment." : await AnswerAsync(uid, connection.Transport.Input, late.Token);
            await connection.Transport.Output.WriteAsync(Encoding.UTF8.GetBytes(answer + "\n"), late.Token);
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // The program went or was silent for too long.
        }
#pragma warning disable CA1031 // The edge of the server: the program hears nothing and takes the mail for not sent.
        catch (Exception broken)
#pragma warning restore CA1031
        {
            Broken(log, broken);
        }
        finally
        {
            busy.AddOrUpdate(uid, 0, (_, n) => n - 1);
        }
    }

    private async Task<string> AnswerAsync(uint uid, PipeReader input, CancellationToken ct)
    {
        var whole = new ArrayBufferWriter<byte>();
        for (ReadResult read = default; !read.IsCompleted;)
        {
            read = await input.ReadAsync(ct);
            if (whole.WrittenCount + read.Buffer.Length > ProgramMails.MostBytes + LongestSender)
            {
                return $"A mail has at most {ProgramMails.MostBytes >> 20} MiB.";
            }

            whole.Write(read.Buffer.ToArray());
            input.AdvanceTo(read.Buffer.End);
        }

        var line = whole.WrittenSpan.IndexOf((byte)'\n');
        if (line is < 0 or > LongestSender)
        {
            return "The message is not whole.";
        }

        await using var scope = scopes.CreateAsyncScope();
        var sent = await scope.ServiceProvider.GetRequiredService<ProgramMails>().SendAsync(uid, Encoding.UTF8.GetString(whole.WrittenSpan[..line]).Trim(), whole.WrittenMemory[(line + 1)..], ct);
        return sent.Refused is { } no ? AgentReports.Plain(no.Message)! : "ok";
    }

    [LoggerMessage(LogLevel.Error, "A mail of a member's program could not be taken")]
    private static partial void Broken(ILogger log, Exception why);
}
