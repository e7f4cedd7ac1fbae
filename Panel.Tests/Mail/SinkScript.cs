using System.Security.Cryptography.X509Certificates;

namespace Panel.Tests.Mail;

/// <summary>In which pieces the sink's replies reach the client.</summary>
public enum Pace { Whole, Line, Byte }

/// <summary>One message that the sink has taken, unstuffed.</summary>
public sealed record SinkMessage(string From, string To, byte[] Bytes)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Bytes);
}

/// <summary>
/// What a <see cref="ScriptedSink"/> answers. A reply is one or more lines without CRLF, separated by LF;
/// <see cref="Drop"/> closes the connection instead, <see cref="Silence"/> answers nothing any more.
/// </summary>
public sealed class SinkScript
{
    public const string Drop = "\0drop";

    public const string Silence = "\0silence";

    public string Greeting { get; init; } = "220 sink.example ESMTP";

    public string Ehlo { get; init; } = "";

    public string[] Extensions { get; init; } = ["PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760", "ENHANCEDSTATUSCODES"];

    public string Auth { get; init; } = "235 2.7.0 Signed in";

    public Func<string, string> Mail { get; init; } = _ => "250 2.1.0 Ok";

    public Func<string, string> Recipient { get; init; } = _ => "250 2.1.5 Ok";

    public Func<string, string> Data { get; init; } = _ => "354 End data with <CR><LF>.<CR><LF>";

    /// <summary>Asked when the final dot has come; a 250 records the message.</summary>
    public Func<SinkMessage, string> Dot { get; init; } = _ => "250 2.0.0 Ok: queued";

    /// <summary>True closes the connection in the middle of the message, before its dot.</summary>
    public Func<string, bool> DropsInMessage { get; init; } = _ => false;

    /// <summary>How long the sink thinks before each reply.</summary>
    public TimeSpan Delay { get; init; }

    public Pace Pace { get; init; } = Pace.Whole;

    /// <summary>Answers 503 to MAIL after a transaction that failed and was not reset, as some servers do (F14b).</summary>
    public bool DemandsReset { get; init; }

    /// <summary>Answers 354 to DATA even when no recipient was accepted (RFC 2920 §3.1).</summary>
    public bool OpensDataForNobody { get; init; }

    /// <summary>False keeps of every message only from and to, for runs of many thousands.</summary>
    public bool KeepsMessages { get; init; } = true;

    public X509Certificate2? Certificate { get; init; }

    public bool TlsAtOnce { get; init; }

    /// <summary>Sent in the clear right behind the reply to STARTTLS, as an attacker would.</summary>
    public string Injected { get; init; } = "";
}
