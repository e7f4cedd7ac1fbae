using Microsoft.Extensions.Options;
using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Returning;

/// <param name="Build">Which transports this build has.</param>
/// <param name="Lmtp">Where the mail server hands over what comes back; null when it cannot.</param>
public sealed record MailSettingsPage(string Build, string Transport, string Relay, string ReturnDomain, string? Lmtp, PostfixMap? Postfix);

/// <summary>How mail leaves and comes back, for admins, with what Postfix needs.</summary>
public sealed class MailSettings(IOptions<MailOptions> mail, ReturnAddresses addresses)
{
    public Outcome<MailSettingsPage> Show(Actor by)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin sees how mail leaves the house.");
        }

        var (options, points) = (mail.Value, mail.Value.Lmtp.EndPoints(out _) ?? []);
        var relay = options.Transport == MailTransports.Pickup ? "files in data/outbox; nothing leaves the machine" : $"{options.Smtp.Host}:{options.Smtp.Port}, security {options.Smtp.Security}, {options.Smtp.Connections} connections";
        return new MailSettingsPage(
            MailTransports.Line, options.Transport, relay, addresses.Domain, points.Count == 0 ? null : string.Join(", ", points),
            points.Count == 0 ? null : PostfixMap.For(addresses.Domain, points[0]));
    }
}
