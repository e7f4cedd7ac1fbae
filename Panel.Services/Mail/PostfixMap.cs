using System.Net;
using System.Text.RegularExpressions;

namespace Panel.Services.Mail;

/// <summary>What Postfix needs to hand over to Panel what comes back: one file and a few lines of main.cf. Tried with a real
/// Postfix 3.7 in the tests.</summary>
/// <param name="Map">The file <see cref="File"/>.</param>
/// <param name="Lines">For main.cf when the domain is Panel's alone.</param>
/// <param name="LocalLines">For main.cf when the domain stands in <c>mydestination</c> already.</param>
public sealed record PostfixMap(string Domain, string Map, string Lines, string LocalLines)
{
    public const string File = "/etc/postfix/panel.regexp";

    /// <param name="file">Where the map will lie; the tests' Postfix has its own folder.</param>
    public static PostfixMap For(string domain, IPEndPoint lmtp, string file = File)
    {
        var host = Regex.Escape(domain).Replace("-", "\\-", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal);
        var hop = $"lmtp:inet:{lmtp}";
        return new PostfixMap(
            domain,
            $"/^(bounce|unsubscribe)\\+[a-z2-7]+@{host}$/ {hop}\n/^complaints@{host}$/ {hop}\n",
            $"transport_maps = regexp:{file}\nrelay_domains = {domain}\nrelay_recipient_maps = regexp:{file}\n",
            $"transport_maps = regexp:{file}\nlocal_recipient_maps = proxy:unix:passwd.byname $alias_maps regexp:{file}\n");
    }
}
