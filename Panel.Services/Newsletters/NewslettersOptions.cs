using System.ComponentModel.DataAnnotations;

namespace Panel.Services.Newsletters;

/// <summary>Section <c>Newsletters</c>.</summary>
public sealed class NewslettersOptions
{
    /// <summary>How long a started send can still be taken back whole.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", ErrorMessage = "Newsletters:Hold must lie between 00:00:00 and 1.00:00:00 (hours:minutes:seconds).")]
    public TimeSpan Hold { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A node that gave no sign of life for this long is dead: what it was handing over becomes unknown, the rest is sent by others.</summary>
    [Range(typeof(TimeSpan), "00:00:03", "01:00:00", ErrorMessage = "Newsletters:NodeSilence must lie between 00:00:03 and 01:00:00 (hours:minutes:seconds).")]
    public TimeSpan NodeSilence { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>An issue pauses by itself when more than this share of its mails is refused for good, in percent; 100 never does.</summary>
    [Range(1, 100, ErrorMessage = "Newsletters:PauseAtPercent must lie between 1 and 100.")]
    public int PauseAtPercent { get; set; } = 10;

    /// <summary>Whose clocks the last screen offers first, as an IANA name; each issue may say otherwise.</summary>
    [CustomValidation(typeof(NewslettersOptions), nameof(Known))]
    public string Zone { get; set; } = "UTC";

    public static ValidationResult? Known(string zone) =>
        WallTime.Find(zone) is not null ? ValidationResult.Success : new ValidationResult($"Newsletters:Zone is '{zone}'; expected a time zone such as Europe/Berlin, or UTC.");

    /// <summary>Whether Panel signs its mail (RFC 6376); false where the relay does.</summary>
    public bool Dkim { get; set; } = true;

    /// <summary>Sign-ups that one network (IPv4 /24, IPv6 /48) may ask for in an hour (rule S3).</summary>
    [Range(1, 100_000)]
    public int SignUpsPerNetwork { get; set; } = 120;

    /// <summary>The same for one address (IPv6: one /64).</summary>
    [Range(1, 100_000)]
    public int SignUpsPerAddress { get; set; } = 60;

    /// <summary>The same for one receiving domain, so that nobody floods a small mail server through us.</summary>
    [Range(1, 1_000_000)]
    public int SignUpsPerDomain { get; set; } = 600;

    /// <summary>Sign-ups in an hour that a list may have without being looked at, whatever is usual for it (rule S9).</summary>
    [Range(1, 1_000_000)]
    public int SignUpsPerListHour { get; set; } = 150;

    /// <summary>The folder of opt-outs that wait for the database. With several nodes it must be one that all of them share; left
    /// empty it is <c>data/optouts</c>, and a node beside others answers 503 while it has no database.</summary>
    public string? OptOuts { get; set; }
}
