namespace Panel.Services.Mail;

/// <summary>The section <c>Mail</c>: how mail leaves.</summary>
public sealed class MailOptions
{
    /// <summary><c>pickup</c> (files in data/outbox, nothing leaves the machine), <c>smtp</c> or <c>mailkit</c>.</summary>
    public string Transport { get; set; } = MailTransports.Pickup;

    /// <summary><see cref="PoliteRelay"/>, or <see cref="PolitePanel"/>: Panel itself keeps what each receiver bears (lanes, mails per
    /// connection, back-off, warm-up of a new domain), for an outgoing server that does not.</summary>
    public string Politeness { get; set; } = PoliteRelay;

    public const string PoliteRelay = "relay";

    public const string PolitePanel = "panel";

    /// <summary>The domain of <c>bounce+TOKEN@</c> and <c>unsubscribe+TOKEN@</c>; empty: the host of <c>Panel:PublicUrl</c>.</summary>
    public string? ReturnDomain { get; set; }

    public Lmtp.LmtpOptions Lmtp { get; set; } = new();

    public SmtpOptions Smtp { get; set; } = new();
}

/// <summary>The section <c>Mail:Smtp</c>: the relay that takes our mail.</summary>
public sealed class SmtpOptions
{
    public string Host { get; set; } = "127.0.0.1";

    public int Port { get; set; } = 25;

    /// <summary><c>none</c>, <c>starttls</c> (required, never quietly left out) or <c>tls</c> from the first byte.</summary>
    public string Security { get; set; } = "none";

    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>Connections that one node keeps open to the relay, 1 to 100.</summary>
    public int Connections { get; set; } = 4;

    /// <summary>The name we greet with (RFC 5321 §4.1.1.1); the machine's own name when empty.</summary>
    public string? Hello { get; set; }

    /// <summary>Wait for the connection and the greeting, each (RFC 5321 §4.5.3.2.1: 5 minutes).</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Wait for the reply to a command (RFC 5321 §4.5.3.2.2 and .3: 5 minutes for MAIL and RCPT).</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Wait for the reply to the final dot (RFC 5321 §4.5.3.2.6: 10 minutes; less makes doubles).</summary>
    public TimeSpan FinalDotTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the reply to a final dot is still awaited when Panel is being stopped.</summary>
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);
}
