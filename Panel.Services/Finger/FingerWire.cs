using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Panel.Services.Finger;

/// <summary>One finger connection as reads and writes with a deadline. A deadline wakes the pending read, or aborts a stuck write.</summary>
internal sealed class FingerWire(ConnectionContext connection, TimeProvider time) : IDisposable
{
    /// <summary>What is read away after the answer, so that closing does not turn into a reset that eats the answer.</summary>
    private const long DrainBytes = 64 * 1024;
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    /// <summary>What fits the empty send buffer of any new socket, so that sending it cannot block (Linux gives at least 16 KiB).</summary>
    private const int SmallAnswer = 4 * 1024;

    private readonly ConnectionContext _connection = connection;
    private readonly PipeReader _input = connection.Transport.Input;
    private ITimer? _timer;
    private CancellationTokenRegistration _stopping;
    private volatile bool _writing;
    private volatile bool _late;

    /// <summary>Reads up to the end of the first line, of what was sent, or of <paramref name="patience"/>.</summary>
    public async ValueTask<(FingerResult? Failed, FingerQuery Query)> ReadAsync(TimeSpan patience)
    {
        try
        {
            for (var armed = false; ;)
            {
                var pending = _input.ReadAsync();
                if (!armed && !pending.IsCompleted)
                {
                    Arm(patience);
                    armed = true;
                }

                var read = await pending;
                var failed = Take(read, out var query);
                _input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (failed is not null || query is not null)
                {
                    return (failed, query.GetValueOrDefault());
                }
            }
        }
        catch (IOException)
        {
            return (FingerResult.Gone, default);
        }
    }

    /// <summary>Sends everything and shuts down our side. False when the client is gone or too slow to take it.</summary>
    public async ValueTask<bool> SendAsync(ReadOnlyMemory<byte> bytes, TimeSpan patience)
    {
        try
        {
            // Kestrel's pipe cannot say when its bytes are out, and completing it closes both sides at once: nothing is
            // ever written to that pipe, so its sending loop stays idle and the socket is ours to write to.
            if (_connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket)
            {
                if (bytes.Length <= SmallAnswer)
                {
                    bytes = bytes[socket.Send(bytes.Span)..];
                }

                if (!bytes.IsEmpty)
                {
                    _writing = true;
                    Arm(patience);
                }

                while (!bytes.IsEmpty)
                {
                    bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
                }

                socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                await _connection.Transport.Output.WriteAsync(bytes);
                await _connection.Transport.Output.CompleteAsync();
            }

            return true;
        }
        catch (Exception gone) when (gone is IOException or SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            _writing = false;
        }
    }

    /// <summary>Reads away what the client still sends until it closes too, for at most 64 KiB and one second.</summary>
    public async ValueTask DrainAsync()
    {
        _late = false;
        var left = DrainBytes;
        try
        {
            for (var armed = false; left > 0 && !_late;)
            {
                var pending = _input.ReadAsync();
                if (!armed && !pending.IsCompleted)
                {
                    Arm(DrainTime);
                    armed = true;
                }

                var read = await pending;
                left -= read.Buffer.Length;
                _input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }
            }
        }
        catch (IOException)
        {
            // The client closed with a reset, which is one way of having read enough.
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _timer?.Dispose();
    }

    /// <summary>Sets the deadline of what is waited for now. Most answers are out before anything has to be waited for.</summary>
    private void Arm(TimeSpan patience)
    {
        if (_timer is not null)
        {
            _timer.Change(patience, Timeout.InfiniteTimeSpan);
            return;
        }

        _timer = time.CreateTimer(static s => ((FingerWire)s!).OnLate(), this, patience, Timeout.InfiniteTimeSpan);

        // A stopping server does not wait for silent clients.
        var life = _connection.Features.Get<IConnectionLifetimeNotificationFeature>();
        _stopping = life?.ConnectionClosedRequested.UnsafeRegister(static s => ((FingerWire)s!).OnLate(), this) ?? default;
    }

    /// <summary>A query, a failure, or neither while the line is not whole. A client that stops sending has ended its line.</summary>
    private static FingerResult? Take(ReadResult read, out FingerQuery? query)
    {
        query = null;
        Span<byte> received = stackalloc byte[TelnetLine.Limit], line = stackalloc byte[TelnetLine.Limit];
        var start = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, TelnetLine.Limit));
        start.CopyTo(received);
        received = received[..(int)start.Length];
        if (TelnetLine.Read(received, line, out _) || (read.IsCompleted && read.Buffer.Length is > 0 and < TelnetLine.Limit))
        {
            query = FingerQuery.Parse(received);
            return null;
        }

        return read switch
        {
            { Buffer.Length: >= TelnetLine.Limit } => FingerResult.TooLong,
            { IsCompleted: true } => FingerResult.NothingAsked,
            { IsCanceled: true } => FingerResult.TooSlow,
            _ => null,
        };
    }

    private void OnLate()
    {
        _late = true;
        if (_writing)
        {
            _connection.Abort(new ConnectionAbortedException("The finger client did not take its answer in time."));
        }

        _input.CancelPendingRead();
    }
}
