using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Finger.Homes;

/// <summary>How far a member's own <c>~/.plan</c> or <c>~/.project</c> and the panel agree.</summary>
public sealed class FingerHome
{
    public const string Plan = "plan";
    public const string Project = "project";

    public long MemberId { get; init; }

    /// <summary><c>plan</c> or <c>project</c>.</summary>
    public required string File { get; init; }

    /// <summary>Hash of the file as the agent last told it; empty is no file.</summary>
    public string Seen { get; set; } = "";

    /// <summary>Hash of the text on which both sides last agreed; which side differs from it has changed.</summary>
    public string Agreed { get; set; } = "";

    /// <summary>The file's text, while it and the panel's both changed and the member has not chosen.</summary>
    public string? Other { get; set; }

    /// <summary>Why the file cannot be taken over.</summary>
    public string? Problem { get; set; }

    public DateTime ToldAt { get; set; }

    /// <summary>Nothing is written to the home while the member has to look first.</summary>
    public bool IsHeld => Other is not null || Problem is not null;

    internal sealed class Mapping : IEntityTypeConfiguration<FingerHome>
    {
        public void Configure(EntityTypeBuilder<FingerHome> builder)
        {
            builder.ToTable("finger_homes");
            builder.HasKey(h => new { h.MemberId, h.File });
        }
    }
}
