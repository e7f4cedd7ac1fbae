using System.Net;

namespace Panel.Services.Mail.Lmtp;

/// <summary>The section <c>Mail:Lmtp</c>: where the MTA hands over what comes back.</summary>
public sealed class LmtpOptions
{
    /// <summary>Addresses to listen on, <c>;</c> between them; empty: nothing comes back by LMTP.</summary>
    public string Listen { get; set; } = "127.0.0.1:7924";

    /// <summary>The longest message that is taken. A report brings back at most our own issue (102 KB is what mail programs show) and its words.</summary>
    public int MessageBytes { get; set; } = 5 * 1024 * 1024;

    /// <summary>How many connections may be open at once; each may hold a message of <see cref="MessageBytes"/> in memory. Postfix opens 20.</summary>
    public int Connections { get; set; } = 40;

    /// <summary>How long the MTA may take for a command, and for a message (RFC 5321 §4.5.3.2.7: 5 minutes of silence; a message of the longest takes seconds).</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The end points of <see cref="Listen"/>, or null with the part that is none.</summary>
    internal IReadOnlyList<IPEndPoint>? EndPoints(out string? wrong)
    {
        var points = new List<IPEndPoint>();
        foreach (var part in Listen.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // IPEndPoint also takes an address alone, with port 0; port 0 must be written out.
            if (!IPEndPoint.TryParse(part, out var point) || (point.Port == 0 && !part.EndsWith(":0", StringComparison.Ordinal)))
            {
                wrong = part;
                return null;
            }

            points.Add(point);
        }

        wrong = null;
        return points;
    }
}
