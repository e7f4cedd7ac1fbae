using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters.Approving;

/// <summary>What a second person said about one version of an issue.</summary>
public sealed class IssueApproval
{
    public long Id { get; init; }

    public long IssueId { get; init; }

    /// <summary>The fingerprint of everything that was looked at; another word in it and this approval is about something else.</summary>
    public required string Version { get; init; }

    /// <summary>Null for the operator.</summary>
    public long? ById { get; init; }

    public required string ByName { get; init; }

    public DateTime At { get; init; }

    /// <summary>Why not; null is a yes.</summary>
    public string? Objection { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<IssueApproval>
    {
        public void Configure(EntityTypeBuilder<IssueApproval> builder) => builder.ToTable("issue_approvals");
    }
}
