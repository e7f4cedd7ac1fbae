using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Panel.Services.Mail;

/// <summary>Stops the start on a wrong mail setting, naming its key and what is expected.</summary>
public sealed class MailOptionsCheck(IConfiguration configuration) : IValidateOptions<MailOptions>
{
    public ValidateOptionsResult Validate(string? name, MailOptions options)
    {
        List<string> faults = [.. Faults(options), .. PublicFaults(options, configuration["Panel:PublicUrl"])];
        return faults is [] ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>
    /// While the public address is not https, mail may not leave the machine: its leave links would go over the open net
    /// and RFC 8058 §3.1 asks for https.
    /// </summary>
    public static IEnumerable<string> PublicFaults(MailOptions options, string? publicUrl)
    {
        var secure = Uri.TryCreate(publicUrl, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps;
        if (!secure && options.Transport != MailTransports.Pickup && !IsLoopback(options.Smtp.Host))
        {
            yield return $"Mail:Smtp:Host is {options.Smtp.Host}: while Panel:PublicUrl does not start with https:// only Mail:Transport=pickup or a relay on this machine (127.0.0.1, ::1, localhost) is accepted.";
        }
    }

    private static IEnumerable<string> Faults(MailOptions options)
    {
        if (options.Transport == MailTransports.MailKit && !MailTransports.Available.Contains(MailTransports.MailKit))
        {
            yield return "Mail:Transport is mailkit, which this build does not have: build with a package feed that has MailKit 4.17 or later (infra/setup finds out and sets UseMailKit in Panel.local.props), or choose smtp.";
        }
        else if (!MailTransports.Available.Contains(options.Transport))
        {
            yield return $"Mail:Transport is '{options.Transport}'; expected one of {string.Join(", ", MailTransports.Available)}.";
        }

        if (options.Transport != MailTransports.Pickup)
        {
            foreach (var fault in SmtpFaults(options.Smtp))
            {
                yield return fault;
            }
        }

        if (options.ReturnDomain is { Length: > 0 } domain && Uri.CheckHostName(domain) != UriHostNameType.Dns)
        {
            yield return $"Mail:ReturnDomain is '{domain}'; expected the host name whose mail the mail server hands to Panel.";
        }

        if (options.Lmtp.EndPoints(out var wrong) is null)
        {
            yield return $"Mail:Lmtp:Listen has '{wrong}'; expected ADDRESS:PORT such as 127.0.0.1:7924, with ; between several.";
        }

        if (options.Lmtp.Connections is < 1 or > 1_000)
        {
            yield return $"Mail:Lmtp:Connections is {options.Lmtp.Connections}; expected a number from 1 to 1000.";
        }

        if (options.Lmtp.MessageBytes is < 64 * 1024 or > 64 * 1024 * 1024)
        {
            yield return $"Mail:Lmtp:MessageBytes is {options.Lmtp.MessageBytes}; expected a number from 65536 to 67108864.";
        }

        if (options.Politeness is not (MailOptions.PoliteRelay or MailOptions.PolitePanel))
        {
            yield return $"Mail:Politeness is '{options.Politeness}'; expected relay (the outgoing mail server keeps the receivers' limits) or panel (Panel does).";
        }

        if (options.Smtp.Connections is < 1 or > 100)
        {
            yield return $"Mail:Smtp:Connections is {options.Smtp.Connections}; expected a number from 1 to 100.";
        }
    }

    private static IEnumerable<string> SmtpFaults(SmtpOptions smtp)
    {
        if (Uri.CheckHostName(smtp.Host) == UriHostNameType.Unknown)
        {
            yield return $"Mail:Smtp:Host is '{smtp.Host}'; expected a host name or an IP address.";
        }

        if (smtp.Port is < 1 or > 65535)
        {
            yield return $"Mail:Smtp:Port is {smtp.Port}; expected a number from 1 to 65535.";
        }

        if (smtp.Security is not ("none" or "starttls" or "tls"))
        {
            yield return $"Mail:Smtp:Security is '{smtp.Security}'; expected none, starttls or tls.";
        }

        if (string.IsNullOrEmpty(smtp.User) != string.IsNullOrEmpty(smtp.Password))
        {
            yield return "Mail:Smtp:User and Mail:Smtp:Password belong together; expected both or neither.";
        }

        if (!string.IsNullOrEmpty(smtp.User) && smtp.Security == "none" && !IsLoopback(smtp.Host))
        {
            yield return "Mail:Smtp:Security is none and Mail:Smtp:User is set: the password would cross the net in the clear; expected starttls or tls.";
        }

        if (smtp.Hello is { Length: > 0 } hello && Uri.CheckHostName(hello) == UriHostNameType.Unknown)
        {
            yield return $"Mail:Smtp:Hello is '{hello}'; expected the host name that this machine greets with.";
        }

        foreach (var (key, wait) in new[] { ("ConnectTimeout", smtp.ConnectTimeout), ("CommandTimeout", smtp.CommandTimeout), ("FinalDotTimeout", smtp.FinalDotTimeout), ("StopGrace", smtp.StopGrace) })
        {
            if (wait <= TimeSpan.Zero || wait > TimeSpan.FromHours(1))
            {
                yield return $"Mail:Smtp:{key} is {wait}; expected a time span up to one hour, such as 00:05:00.";
            }
        }
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
