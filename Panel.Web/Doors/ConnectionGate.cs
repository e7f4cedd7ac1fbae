using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Panel.Web.Doors;

/// <summary>How many connections one address (or one /64) may have open at once, so that nobody alone takes up all there are.
/// A proxy that is trusted speaks for everybody and is not counted.</summary>
internal sealed class ConnectionGate(int most, IReadOnlyList<System.Net.IPNetwork> proxies)
{
    private readonly ConcurrentDictionary<string, int> open = new(StringComparer.Ordinal);

    public void Guard(ListenOptions listen) => listen.Use(next => connection => ServeAsync(next, connection));

    internal bool Enter(string from) => open.AddOrUpdate(from, 1, (_, others) => others + 1) <= most;

    internal void Leave(string from)
    {
        if (open.AddOrUpdate(from, 0, (_, others) => others - 1) <= 0)
        {
            open.TryRemove(KeyValuePair.Create(from, 0));
        }
    }

    /// <summary>A listener on all addresses sees those of version 4 in the form of version 6.</summary>
    internal bool IsProxy(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return proxies.Any(p => p.Contains(plain));
    }

    private async Task ServeAsync(ConnectionDelegate next, ConnectionContext connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address } || IsProxy(address))
        {
            await next(connection);
            return;
        }

        var from = Limits.Network(address);
        try
        {
            if (Enter(from))
            {
                await next(connection);
            }
            else
            {
                connection.Abort(new ConnectionAbortedException($"More than {most} connections from one address."));
            }
        }
        finally
        {
            Leave(from);
        }
    }
}
