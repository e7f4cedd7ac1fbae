namespace Panel.Services.Mail.Content;

/// <summary>The header of a message as far as it is the same for everybody.</summary>
public sealed record MessageHead
{
    public required string FromName { get; init; }

    public required string FromEmail { get; init; }

    public string? ReplyTo { get; init; }

    /// <summary>The fields of a list (rules H1-H6, H12, H13); null for notices of the house, which carry none of them (H6, U11) but say that a machine wrote them (H11).</summary>
    public ListHead? List { get; init; }
}

/// <summary>What mail programs are told about a list.</summary>
public sealed record ListHead
{
    public required string Title { get; init; }

    /// <summary>Stable for the list's life and under a domain of ours (RFC 2919 §2): <c>name.handle.lists.example.org</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Three parts and the sender, never anything about one person (rule H13).</summary>
    public required string FeedbackId { get; init; }

    public string? ArchiveUrl { get; init; }

    public string? OwnerEmail { get; init; }
}

/// <summary>What differs from person to person.</summary>
/// <param name="To">The one recipient.</param>
/// <param name="MessageId">Without angle brackets; the same whenever the same (issue, person) is sent again (rule H7).</param>
/// <param name="Date">When the message was made.</param>
public sealed record MailPerson(string To, string MessageId, DateTimeOffset Date)
{
    /// <summary>The one-click address; needed for a list's message.</summary>
    public string? LeaveUrl { get; init; }

    /// <summary>An address such as <c>unsubscribe+TOKEN@example.org</c>, when mail can come back.</summary>
    public string? LeaveMailbox { get; init; }

    /// <summary>The person's page of preferences, at the foot of a list's message.</summary>
    public string? PreferencesUrl { get; init; }

    /// <summary>What counted links begin with, for a person who agreed to it.</summary>
    public string? TrackUrl { get; init; }

    /// <summary>Values of merge fields by name.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();
}
