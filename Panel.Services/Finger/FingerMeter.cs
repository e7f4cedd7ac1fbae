using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Panel.Services.Finger;

/// <summary>Counts queries by result (meter <c>Panel.Finger</c>) and logs each in one line, the asker's address cut short (RFC 1288 §3.2.7).</summary>
internal sealed partial class FingerMeter
{
    private readonly ILogger<FingerMeter> _log;
    private readonly Counter<long> _queries;
    private readonly Histogram<double> _durations;
    private readonly long[] _counts = new long[Enum.GetValues<FingerResult>().Length];

    public FingerMeter(IMeterFactory meters, FingerGate gate, TimeProvider time, ILogger<FingerMeter> log)
    {
        (_log, Since) = (log, time.GetUtcNow().UtcDateTime);
        var meter = meters.Create("Panel.Finger");
        _queries = meter.CreateCounter<long>("panel.finger.queries", "{query}", "Finger queries by result.");
        _durations = meter.CreateHistogram<double>("panel.finger.duration", "s", "From the connection to the last byte of the answer.");
        meter.CreateObservableUpDownCounter("panel.finger.connections", () => gate.Inside, "{connection}", "Finger connections now.");
    }

    public void Answered(FingerResult result, int bytes, TimeSpan took, AddressBlock from)
    {
        var tag = new KeyValuePair<string, object?>("result", result.ToString());
        _queries.Add(1, tag);
        Interlocked.Increment(ref _counts[(int)result]);
        _durations.Record(took.TotalSeconds, tag);
        if (_log.IsEnabled(LogLevel.Information))
        {
            Line(_log, result, bytes, took.TotalMilliseconds, from.ToString());
        }
    }

    /// <summary>Since when it counts: the start of the listener.</summary>
    public DateTime Since { get; }

    /// <summary>Queries since then.</summary>
    public long CountOf(FingerResult result) => Volatile.Read(ref _counts[(int)result]);

    public void Failed(Exception why) => Failure(_log, why);

    [LoggerMessage(7900, LogLevel.Information, "Finger {Result}: {Bytes} bytes in {Milliseconds:0.0} ms to {From}")]
    private static partial void Line(ILogger log, FingerResult result, int bytes, double milliseconds, string from);

    [LoggerMessage(7901, LogLevel.Error, "A finger query could not be looked up")]
    private static partial void Failure(ILogger log, Exception why);
}
