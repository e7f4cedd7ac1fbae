namespace Panel.Services.Mail.Lmtp;

/// <summary>One message for one recipient, as the MTA handed it over.</summary>
/// <param name="Sender">Envelope sender; empty is the null sender of reports.</param>
public sealed record IncomingMail(string Sender, string Recipient, ReadOnlyMemory<byte> Message);

/// <summary>Who is behind the LMTP server.</summary>
/// <param name="Knows">Whether a recipient may get mail here; asked at RCPT, without the database.</param>
/// <param name="Take">Keeps a message and returns true; false: not now, the MTA comes again.</param>
public sealed record LmtpDoor(Func<string, bool> Knows, Func<IncomingMail, CancellationToken, Task<bool>> Take);
