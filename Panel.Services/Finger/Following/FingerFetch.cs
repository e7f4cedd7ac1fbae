using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;

namespace Panel.Services.Finger.Following;

/// <summary>Finds the addresses of a host; what it says is checked and then connected to, never asked again.</summary>
public delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken ct);

/// <summary>The bytes of an answer, or why there are none.</summary>
/// <param name="HostDown">It is the host that does not answer, so nobody else there will.</param>
public readonly record struct Fetched(byte[]? Bytes, string? Reason, bool HostDown = false);

/// <summary>Fingers one address over TCP (RFC 1288): allowed ports and networks only, at most 1 MiB, within the patience.</summary>
public sealed class FingerFetch(IOptions<FingerOptions> options, ResolveHost resolve, TimeProvider time)
{
    public const int MostBytes = 1024 * 1024;

    /// <summary>Addresses of one host that are tried.</summary>
    private const int MostTries = 3;

    private readonly FollowOptions _follow = options.Value.Follow;
    private readonly PublicNetworks _networks = options.Value.Follow.Allowed(out _)!;
    private readonly IReadOnlyList<(int From, int To)> _ports = options.Value.Follow.Ranges(out _)!;

    public async Task<Fetched> FetchAsync(FingerAddress who, CancellationToken ct)
    {
        if (!_ports.Any(r => who.Port >= r.From && who.Port <= r.To))
        {
            return new(null, $"Port {who.Port} may not be fingered from here.");
        }

        using var patience = new CancellationTokenSource(_follow.Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        try
        {
            return await TryAsync(who, both.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(null, $"{who.Host} did not answer within {_follow.Patience.TotalSeconds:0} seconds.", HostDown: true);
        }
        catch (SocketException no)
        {
            return new(null, Words(who, no.SocketErrorCode), HostDown: true);
        }
        catch (Exception no) when (no is IOException or ArgumentException)
        {
            return new(null, $"{who.Host} could not be reached.");
        }
    }

    /// <summary>The system's resolver; a literal address is taken as it is.</summary>
    internal static Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) =>
        IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? Task.FromResult(new[] { literal }) : Dns.GetHostAddressesAsync(host, ct).WaitAsync(ct);

    private async Task<Fetched> TryAsync(FingerAddress who, CancellationToken ct)
    {
        var found = await resolve(who.Host, ct);
        var allowed = found.Where(_networks.Allows).Take(MostTries).ToList();
        if (allowed.Count == 0)
        {
            return new(null, found.Length == 0 ? $"There is no host {who.Host}." : $"{who.Host} lies in a network that may not be fingered from here.");
        }

        SocketException? last = null;
        foreach (var address in allowed)
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, who.Port), ct);
            }
            catch (SocketException no)
            {
                last = no;
                continue;
            }

            return await AskAsync(socket, who, ct);
        }

        throw last!;
    }

    private static async Task<Fetched> AskAsync(Socket socket, FingerAddress who, CancellationToken ct)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes($"{who.User}\r\n"), ct);
        var (answer, length) = (ArrayPool<byte>.Shared.Rent(16 * 1024), 0);
        try
        {
            for (int n; (n = await socket.ReceiveAsync(answer.AsMemory(length), ct)) > 0;)
            {
                length += n;
                if (length > MostBytes)
                {
                    return new(null, $"{who} answers more than {MostBytes / 1024 / 1024} MiB.");
                }

                answer = length < answer.Length ? answer : Grown(answer);
            }

            return length == 0 ? new(null, $"{who} answers nothing.") : new(answer.AsSpan(0, length).ToArray(), null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(answer);
        }
    }

    private static byte[] Grown(byte[] full)
    {
        var larger = ArrayPool<byte>.Shared.Rent(full.Length * 2);
        full.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(full);
        return larger;
    }

    private static string Words(FingerAddress who, SocketError error) => error switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"There is no host {who.Host}.",
        SocketError.ConnectionRefused => $"Nobody answers finger at {who.Host}, port {who.Port}.",
        SocketError.ConnectionReset => $"{who.Host} broke off in the middle of its answer.",
        _ => $"{who.Host} could not be reached.",
    };
}
