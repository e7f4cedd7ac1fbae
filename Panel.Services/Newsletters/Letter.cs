using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters;

/// <summary>One mail of the house itself (a confirmation): a row until it was handed over, so that no restart loses it.</summary>
public sealed class Letter
{
    public const string Confirm = "confirm";

    /// <summary>The way to what is kept about a person.</summary>
    public const string Copy = "copy";

    public long Id { get; init; }

    public required string Kind { get; init; }

    public long? ListId { get; init; }

    public required string Email { get; init; }

    public required string EmailHash { get; init; }

    public required string Subject { get; init; }

    public required string Text { get; init; }

    public DateTime CreatedAt { get; init; }

    /// <summary>Not before; moved on by every try.</summary>
    public DateTime NextAt { get; set; }

    public int Tries { get; set; }

    public DateTime? SentAt { get; set; }

    public DateTime? FailedAt { get; set; }

    /// <summary>What the relay said last.</summary>
    public string? Reply { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Letter>
    {
        public void Configure(EntityTypeBuilder<Letter> builder) => builder.ToTable("letters");
    }
}
