namespace Panel.Services.Finger;

/// <summary>The parts of an answer that a member can switch off; the full name is always told (RFC 1288 §2.5.2, §3.2.3).</summary>
[Flags]
public enum FingerParts
{
    None = 0,
    Address = 1,
    WebPage = 2,
    LastPost = 4,
    Project = 8,
    Plan = 16,
    All = Address | WebPage | LastPost | Project | Plan,
}

/// <summary>Everything that an answer about one member is made of.</summary>
public sealed record FingerCard(string Handle, string Name)
{
    public FingerParts Shows { get; init; } = FingerParts.All;

    public string? WebPage { get; init; }

    public DateTime? LastPostAt { get; init; }

    public string? Project { get; init; }

    public string? Plan { get; init; }

    public DateTime? PlanWrittenAt { get; init; }
}
