namespace Panel.Services.Finger.Thimbl;

/// <summary>A dated message of somebody, as read.</summary>
public sealed record ThimblMessage(string Text, DateTime At);

public sealed record ThimblFollowing(string Nick, string Address);

/// <summary>What a finger answer says. Everything is clean text: printable characters, one line each, but for the plan.</summary>
/// <param name="Plan">The free text of the plan, without the Thimbl object; lines end in LF.</param>
/// <param name="IsThimbl">A Thimbl object was among it.</param>
/// <param name="Messages">The newest first; at most 5,000.</param>
/// <param name="Wrong">Why a Thimbl object that seems to be there could not be read.</param>
public sealed record ThimblPlan(
    string Plan, bool IsThimbl, string Name, string Bio, IReadOnlyList<ThimblMessage> Messages, IReadOnlyList<ThimblFollowing> Following, bool OptsOut, string? Wrong);
