namespace Panel.Services.Mail;

/// <summary>The transports that this build of Panel has.</summary>
public static class MailTransports
{
    public const string Pickup = "pickup";

    public const string Smtp = "smtp";

    public const string MailKit = "mailkit";

#if MAILKIT
    public static IReadOnlyList<string> Available { get; } = [Pickup, Smtp, MailKit];

    /// <summary>For the start-up log and the mail settings page.</summary>
    public const string Line = "Mail transports in this build: pickup, smtp, mailkit.";
#else
    public static IReadOnlyList<string> Available { get; } = [Pickup, Smtp];

    /// <summary>For the start-up log and the mail settings page.</summary>
    public const string Line = "Mail transports in this build: pickup, smtp (mailkit is left out: the package feed did not have it).";
#endif
}
