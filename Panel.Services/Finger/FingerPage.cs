namespace Panel.Services.Finger;

/// <summary>A finger account as its member sees and edits it.</summary>
/// <param name="Name">The full name that is told; the member's own until another is chosen.</param>
/// <param name="Hidden">The member keeps it from answering.</param>
/// <param name="Withheld">An admin keeps it from answering.</param>
/// <param name="Version">Send it back with a change and the change is refused if somebody was faster.</param>
public sealed record FingerPage(
    string Handle, string Address, string Name, string WebPage, string Project, string Plan, DateTime? PlanWrittenAt,
    bool Hidden, bool Withheld, bool Listed, IReadOnlyList<FingerParts> Shows, long Version, string? WithheldReason);

/// <summary>What to change; null leaves a thing as it is, an empty text takes it away.</summary>
/// <param name="Shows">The parts to show, all others off.</param>
/// <param name="Withheld">For admins only, after a report.</param>
/// <param name="WithheldReason">With <paramref name="Withheld"/>: what the member is told.</param>
/// <param name="Version">What the change is based on; null overwrites.</param>
public sealed record FingerChanges(
    string? Name = null, string? WebPage = null, string? Project = null, string? Plan = null,
    bool? Hidden = null, bool? Listed = null, IReadOnlyList<FingerParts>? Shows = null, bool? Withheld = null, long? Version = null, string? WithheldReason = null);

/// <summary>What everybody may know of one member: the parts, and the bytes that finger sends.</summary>
public sealed record PublicPerson(FingerCard Card, string Address, ReadOnlyMemory<byte> Text);

/// <summary>An account that an admin should look at, or has withheld.</summary>
/// <param name="Flagged">The line that asks to be pasted into a terminal.</param>
public sealed record CarePage(string Handle, string? Flagged, DateTime? WithheldAt, string? WithheldReason);

/// <summary>An earlier plan.</summary>
public sealed record FingerPlanPage(long Id, DateTime WrittenAt, string WrittenBy, Door Door, int Bytes, string Plan);
