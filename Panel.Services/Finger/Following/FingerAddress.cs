using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Panel.Services.Finger.Following;

/// <summary>Whom to finger and where: <c>user@host</c> or <c>user@host:port</c>. Nothing that passes here can end a line, name a
/// second host or an option of anything.</summary>
public sealed partial record FingerAddress(string User, string Host, int Port)
{
    public const int StandardPort = 79;

    /// <summary>User and host as people write them; the standard port is left out.</summary>
    public override string ToString() => Port == StandardPort ? $"{User}@{Host}" : string.Create(CultureInfo.InvariantCulture, $"{User}@{Host}:{Port}");

    /// <summary>The same as a link (draft-ietf-uri-url-finger-03).</summary>
    public string Link => string.Create(CultureInfo.InvariantCulture, $"finger://{Host}{(Port == StandardPort ? "" : $":{Port}")}/{User}");

    /// <summary>Whether a question for this address is answered by the house of that name itself.</summary>
    public bool IsAt(string here) => Port == StandardPort && Host.Equals(here.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(string? text, [NotNullWhen(true)] out FingerAddress? address)
    {
        address = null;
        if (text is null || Grammar().Match(text.Trim()) is not { Success: true } found)
        {
            return false;
        }

        var host = found.Groups["host"].Value.TrimEnd('.').ToLowerInvariant();
        var port = StandardPort;
        if (found.Groups["port"] is { Success: true } written &&
            (!int.TryParse(written.Value, NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535))
        {
            return false;
        }

        var bracketed = host.StartsWith('[');
        if (host.Length is 0 or > 253 || (bracketed && !(IPAddress.TryParse(host[1..^1], out var six) && six.AddressFamily == AddressFamily.InterNetworkV6)))
        {
            return false;
        }

        address = new FingerAddress(found.Groups["user"].Value, host, port);
        return true;
    }

    // Names of users as finger servers have them; labels of host names (RFC 1123 §2.1).
    [GeneratedRegex(@"\A(?<user>[A-Za-z0-9_](?:[A-Za-z0-9._+-]{0,63}))@(?<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}))*\.?)(?::(?<port>[0-9]{1,5}))?\z")]
    private static partial Regex Grammar();
}
