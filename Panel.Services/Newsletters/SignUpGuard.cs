using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Localization;

namespace Panel.Services.Newsletters;

/// <summary>What a form brought. All forms bring it to the same guard (rule S3).</summary>
/// <param name="Form"><c>page</c>, <c>embed</c> or <c>json</c>.</param>
/// <param name="Website">A field hidden from people; only programs fill it in.</param>
/// <param name="Stamp">When the form was shown, signed by <see cref="SignUpGuard.Stamp"/>; forms on other sites have none.</param>
public sealed record SignUpAsk(string? Email, string Form, IPAddress? From, string? Website = null, string? Stamp = null);

/// <summary>How much one address, one network (IPv4 /24, IPv6 /48) and one receiving domain may still ask for this hour. A form
/// that was not shown by us, or was filled in faster than anybody types, counts double. Kept in memory: losing it forgives, and
/// harms nobody.</summary>
public sealed class SignUpGuard(IOptions<NewslettersOptions> options, HouseKeys keys, TimeProvider time) : IDisposable
{
    private static readonly string TooMany = Phrases.Key("Too many sign-ups came from your network in the last hour. Please try again later.");
    private static readonly TimeSpan Typing = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StampLife = TimeSpan.FromDays(1);
    private readonly PartitionedRateLimiter<string> addresses = PerHour(options.Value.SignUpsPerAddress);
    private readonly PartitionedRateLimiter<string> networks = PerHour(options.Value.SignUpsPerNetwork);
    private readonly PartitionedRateLimiter<string> domains = PerHour(options.Value.SignUpsPerDomain);

    /// <summary>Null, or why this form must wait; the sentence is a key of the phrase books.</summary>
    public Refusal? Check(SignUpAsk ask, EmailAddress address)
    {
        var cost = TypedByHand(ask.Stamp) ? 1 : 2;
        return Spend(addresses, PartOf(ask.From, whole: true), cost) && Spend(networks, PartOf(ask.From, whole: false), cost) && Spend(domains, address.Domain, 1)
            ? null
            : new Refusal(TooMany);
    }

    public static bool IsProgram(SignUpAsk ask) => !string.IsNullOrEmpty(ask.Website);

    /// <summary>The signed time at which a form is shown.</summary>
    public string Stamp()
    {
        var at = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{at}.{Sign(at)}";
    }

    /// <summary>The network as kept with a consent: enough to show where it came from, not whose line it was (L5).</summary>
    public static string? NetworkWords(IPAddress? from)
    {
        var one = from?.IsIPv4MappedToIPv6 == true ? from.MapToIPv4() : from;
        var bytes = one?.GetAddressBytes();
        if (bytes is null)
        {
            return null;
        }

        bytes.AsSpan(bytes.Length == 4 ? 3 : 6).Clear();
        return $"{new IPAddress(bytes)}/{(bytes.Length == 4 ? 24 : 48)}";
    }

    public void Dispose()
    {
        addresses.Dispose();
        networks.Dispose();
        domains.Dispose();
    }

    private bool TypedByHand(string? stamp)
    {
        if (stamp?.Split('.') is not [var at, var mac] || !long.TryParse(at, CultureInfo.InvariantCulture, out var seconds) ||
            !System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(Sign(at)), System.Text.Encoding.UTF8.GetBytes(mac)))
        {
            return false;
        }

        var age = time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds);
        return age >= Typing && age < StampLife;
    }

    private string Sign(string at) => keys.Hash("form-time", at)[..20];

    private static bool Spend(PartitionedRateLimiter<string> limiter, string part, int cost)
    {
        using var lease = limiter.AttemptAcquire(part, cost);
        return lease.IsAcquired;
    }

    private static string PartOf(IPAddress? from, bool whole)
    {
        var bytes = (from?.IsIPv4MappedToIPv6 == true ? from.MapToIPv4() : from)?.GetAddressBytes() ?? [];
        // A household has a /64 (RFC 6177), an office or provider's customer a /48.
        return Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? (whole ? 4 : 3) : Math.Min(bytes.Length, whole ? 8 : 6)));
    }

    private static PartitionedRateLimiter<string> PerHour(int permits) => PartitionedRateLimiter.Create<string, string>(part =>
        RateLimitPartition.GetSlidingWindowLimiter(part, _ => new SlidingWindowRateLimiterOptions
        {
            PermitLimit = permits,
            Window = TimeSpan.FromHours(1),
            SegmentsPerWindow = 6,
            QueueLimit = 0,
        }));
}
