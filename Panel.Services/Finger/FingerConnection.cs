using System.Buffers;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Panel.Services.Finger;

/// <summary>Reads one line, answers it and hangs up first (RFC 1288 §2.1, §2.2); every way out says a short line before it closes.</summary>
internal sealed class FingerConnection(
    AnswerFinger answer, FingerGate gate, FingerMeter meter, IOptions<FingerOptions> options, TimeProvider time) : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var started = time.GetTimestamp();
        var from = AddressBlock.Of(connection.RemoteEndPoint);
        var refused = gate.Enter(from);
        try
        {
            using var wire = new FingerWire(connection, time);
            var reply = refused is { } why ? Refusal(why) : await HearAsync(wire, connection.ConnectionClosed);
            var sent = reply.Result != FingerResult.Gone && await wire.SendAsync(reply.Bytes, options.Value.AnswerPatience);
            meter.Answered(sent ? reply.Result : FingerResult.Gone, sent ? reply.Bytes.Length : 0, time.GetElapsedTime(started), from);
            if (sent)
            {
                await wire.DrainAsync();
            }
        }
        finally
        {
            gate.Leave(from);
        }
    }

    private static FingerAnswer Refusal(FingerResult why) => why switch
    {
        FingerResult.Full => new(why, FingerReply.Full),
        FingerResult.Crowded => new(why, FingerReply.Crowded),
        FingerResult.TooLong => new(why, FingerReply.TooLong),
        FingerResult.TooSlow => new(why, FingerReply.TooSlow),
        FingerResult.NothingAsked => new(why, FingerReply.NothingAsked),
        _ => new(why, ReadOnlyMemory<byte>.Empty),
    };

    private async Task<FingerAnswer> HearAsync(FingerWire wire, CancellationToken ct)
    {
        var (failed, query) = await wire.ReadAsync(options.Value.LinePatience);
        if (failed is { } why)
        {
            return Refusal(why);
        }

        try
        {
            // Nearly always kept in memory. A look-up that is given up ends with the connection, whose token it has.
            var pending = answer(query, ct);
            return pending.IsCompletedSuccessfully ? pending.Result : await pending.AsTask().WaitAsync(options.Value.AnswerPatience, time, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return Refusal(FingerResult.Gone);
        }
#pragma warning disable CA1031 // The edge of the server: whatever broke, the asker gets a line and the log the reason.
        catch (Exception broken)
#pragma warning restore CA1031
        {
            meter.Failed(broken);
            return new FingerAnswer(FingerResult.Broken, FingerReply.Broken);
        }
    }
}
