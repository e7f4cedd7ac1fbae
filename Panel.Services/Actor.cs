namespace Panel.Services;

/// <summary>Through which door somebody came; written into every audit entry.</summary>
public enum Door { Web, Api, Cli, Job, Agent, Public }

/// <summary>Who asks a front door for something, and by which door. Passed explicitly; there is no ambient actor.</summary>
/// <param name="MemberId">The signed-in member, or null for the operator, jobs and the public.</param>
/// <param name="Name">What the audit shows: a handle, <c>operator(uid 0)</c>, <c>job</c> or <c>public</c>.</param>
/// <param name="IsAdmin">May act on every member's things.</param>
/// <param name="Scopes">What an API token is limited to; null means everything its owner may do.</param>
public sealed record Actor(long? MemberId, string Name, bool IsAdmin, Door Door, IReadOnlySet<string>? Scopes = null)
{
    /// <summary>Panel's own scheduled work; acts on everything.</summary>
    public static Actor Job { get; } = new(null, "job", true, Door.Job);

    /// <summary>Visitors and subscribers, who have no account.</summary>
    public static Actor Public { get; } = new(null, "public", false, Door.Public);

    /// <summary>The person at the machine, known by the peer uid of <c>panel.sock</c>.</summary>
    public static Actor Operator(uint uid) => new(null, $"operator(uid {uid})", true, Door.Cli);

    public static Actor Member(long id, string handle, bool isAdmin, Door door) => new(id, handle, isAdmin, door);
}
