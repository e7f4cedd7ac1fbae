using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Newsletters.Importing;

/// <summary>Where an import stands. <c>Checked</c> has been read through without a change and waits for its owner.</summary>
public enum ImportState { Checking, Checked, Running, Done, Failed, Cancelled }

/// <summary>One file of people on its way onto a list. Everything that is needed to go on after a crash is in the row and in the
/// file beside it; the counts and the people commit together.</summary>
public sealed class Import
{
    public long Id { get; init; }

    public long ListId { get; init; }

    /// <summary>The name the file had where it came from.</summary>
    public required string File { get; init; }

    /// <summary>Where and when these people agreed, in the words of who imports them (L7); the proof of each of them.</summary>
    public required string Consent { get; init; }

    /// <summary><see cref="ImportColumns"/> as JSON; empty until somebody chose otherwise than was found.</summary>
    public string Columns { get; set; } = "";

    public ImportState State { get; set; }

    public string? Note { get; set; }

    public long Bytes { get; init; }

    /// <summary>Rows read and committed.</summary>
    public long Position { get; set; }

    public long Added { get; set; }

    public long Known { get; set; }

    public long Kept { get; set; }

    public long Refused { get; set; }

    /// <summary>How many for which reason, as a JSON object.</summary>
    public string Reasons { get; set; } = "";

    /// <summary>Length of the file of bad rows that belongs to <see cref="Position"/>.</summary>
    public long ErrorBytes { get; set; }

    public DateTime CreatedAt { get; init; }

    public DateTime? StartedAt { get; set; }

    public DateTime? FinishedAt { get; set; }

    public string? Node { get; set; }

    public DateTime? SeenAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<Import>
    {
        public void Configure(EntityTypeBuilder<Import> builder) => builder.ToTable("imports");
    }
}

/// <summary>Which column is what. A column that is nothing is not kept.</summary>
/// <param name="Email">Number of the column with the address, from 0.</param>
/// <param name="Name">The same for the name, or -1.</param>
/// <param name="Fields">Column numbers by field of the list.</param>
public sealed record ImportColumns(int Email, int Name, IReadOnlyDictionary<string, int> Fields)
{
    internal static ImportColumns? Read(string json) => json.Length == 0 ? null : JsonSerializer.Deserialize<ImportColumns>(json);

    internal string Write() => JsonSerializer.Serialize(this);
}

/// <summary>What was counted so far.</summary>
internal sealed class ImportTally
{
    public long Position { get; set; }

    public long Added { get; set; }

    public long Known { get; set; }

    public long Kept { get; set; }

    public long Refused { get; set; }

    public long ErrorBytes { get; set; }

    public Dictionary<string, long> Reasons { get; private init; } = [];

    public static ImportTally Of(Import import) => new()
    {
        Position = import.Position,
        Added = import.Added,
        Known = import.Known,
        Kept = import.Kept,
        Refused = import.Refused,
        ErrorBytes = import.ErrorBytes,
        Reasons = import.Reasons.Length == 0 ? [] : JsonSerializer.Deserialize<Dictionary<string, long>>(import.Reasons)!,
    };

    public string ReasonsJson => Reasons.Count == 0 ? "" : JsonSerializer.Serialize(Reasons);

    /// <summary>Counts <paramref name="count"/> people who are on the list or must not come onto it.</summary>
    public void Stay(string reason, long count)
    {
        if (reason is "confirmed" or "pending" or Twice)
        {
            Known += count;
        }
        else
        {
            Kept += count;
        }

        Reasons[reason] = Reasons.GetValueOrDefault(reason) + count;
    }

    public void Refuse(string reason)
    {
        Refused++;
        Reasons[reason] = Reasons.GetValueOrDefault(reason) + 1;
    }

    public const string Twice = "twice in the file";
}
