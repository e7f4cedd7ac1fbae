using System.Net;
using System.Threading.RateLimiting;

namespace Panel.Services.Finger.Reports;

/// <summary>How many reports one address (IPv6: one /64) and its network may still send this hour. Kept in memory: losing it
/// forgives, and harms nobody.</summary>
public sealed class ReportGuard : IDisposable
{
    public const int PerAddress = 5;
    public const int PerNetwork = 30;

    private readonly PartitionedRateLimiter<AddressBlock> _addresses = PerHour<AddressBlock>(PerAddress);
    private readonly PartitionedRateLimiter<string> _networks = PerHour<string>(PerNetwork);

    /// <summary>The network as it is kept with the report.</summary>
    public static string NetworkOf(IPAddress? from) => from is null ? "unknown" : BlockOf(from).ToString();

    /// <summary>Null, or why this report must wait.</summary>
    public Refusal? Check(IPAddress? from)
    {
        using var address = _addresses.AttemptAcquire(BlockOf(from));
        using var network = _networks.AttemptAcquire(NetworkOf(from));
        return address.IsAcquired && network.IsAcquired ? null : new Refusal("Many reports came from your network in the last hour. They are kept; please write the next one later.");
    }

    public void Dispose()
    {
        _addresses.Dispose();
        _networks.Dispose();
    }

    private static AddressBlock BlockOf(IPAddress? from) => AddressBlock.Of(from is null ? null : new IPEndPoint(from, 0));

    private static PartitionedRateLimiter<TPart> PerHour<TPart>(int permits)
        where TPart : notnull => PartitionedRateLimiter.Create<TPart, TPart>(part => RateLimitPartition.GetSlidingWindowLimiter(
            part, _ => new SlidingWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromHours(1), SegmentsPerWindow = 6, QueueLimit = 0 }));
}
