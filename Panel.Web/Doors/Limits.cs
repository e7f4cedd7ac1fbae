using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;

namespace Panel.Web.Doors;

/// <summary>How often one address may try what is worth guessing. Looking (GET) is never limited.</summary>
internal static class Limits
{
    public const string SignIn = "sign-in";

    /// <summary>Tries from one address in <see cref="Window"/>: enough for a studio behind one router, far too few to guess.</summary>
    public const int Tries = 20;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static IServiceCollection AddLimits(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limiter.OnRejected = (context, _) =>
        {
            context.HttpContext.Response.Headers.RetryAfter = Window.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            return ValueTask.CompletedTask;
        };
        limiter.AddPolicy(SignIn, context => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
            ? RateLimitPartition.GetNoLimiter("look")
            : RateLimitPartition.GetFixedWindowLimiter(
                Network(context.Connection.RemoteIpAddress), _ => new FixedWindowRateLimiterOptions { PermitLimit = Tries, Window = Window }));
    });

    /// <summary>One customer of a provider usually has a /64 of IPv6 addresses (RFC 6177), so that counts as one.</summary>
    internal static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "none";
        }

        var one = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return one.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(one.GetAddressBytes().AsSpan(0, 8)) : one.ToString();
    }
}
