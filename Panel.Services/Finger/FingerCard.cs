using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Services.Finger;

/// <summary>The parts of an answer that a member can switch off; the full name is always told (RFC 1288 §2.5.2, §3.2.3).</summary>
[Flags]
public enum FingerParts
{
    None = 0,
    Address = 1,
    WebPage = 2,

    /// <summary>The posts: in the plan, on the page and in the feeds, and whom the member follows.</summary>
    LastPost = 4,
    Project = 8,
    Plan = 16,

    /// <summary>The fingerprints of the SSH keys, in the long answer.</summary>
    Keys = 32,
    All = Address | WebPage | LastPost | Project | Plan | Keys,
}

/// <summary>Everything that an answer about one member is made of.</summary>
public sealed record FingerCard(string Handle, string Name)
{
    public FingerParts Shows { get; init; } = FingerParts.All;

    public string? WebPage { get; init; }

    /// <summary>The newest first; as many as an answer may have.</summary>
    public IReadOnlyList<PostLine> Posts { get; init; } = [];

    /// <summary><c>SHA256:</c> and the type of each SSH key, as <c>ssh-keygen -l</c> prints them.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Whom the member follows; told with the posts.</summary>
    public IReadOnlyList<ThimblFollowing> Following { get; init; } = [];

    /// <summary>The posts, unless the member has switched them off.</summary>
    public IReadOnlyList<PostLine> ShownPosts => Shows.HasFlag(FingerParts.LastPost) ? Posts : [];

    public string? Project { get; init; }

    public string? Plan { get; init; }

    public DateTime? PlanWrittenAt { get; init; }
}
