using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>A backup that a host has made: the whole account as one archive.</summary>
public sealed class Backup
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    /// <summary>Its name in the account's repository.</summary>
    public required string Snapshot { get; init; }

    public DateTime MadeAt { get; init; }

    public long Bytes { get; init; }

    /// <summary>Of the archive as it was written; the trial restore must read the same again.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What could not be read, a line each.</summary>
    public required string Notes { get; init; }

    public DateTime? TriedAt { get; private set; }

    /// <summary>Null when the trial read back all of it.</summary>
    public string? TrialFailure { get; private set; }

    /// <summary>The databases in it with their rows, as JSON; null when the host did not count.</summary>
    public string? Counted { get; init; }

    /// <summary>What the trial found, in words, a line each, as JSON.</summary>
    public string? TrialNotes { get; private set; }

    internal void Tried(BackupMade? read, string? failure, DateTime at)
    {
        TriedAt = at;
        TrialFailure = read is null ? failure ?? "The host gave no reason."
            : read.Sha256 != Sha256 || read.Bytes != Bytes ? $"What was read back differs from what was written: {read.Bytes} bytes instead of {Bytes}, or other ones."
            : TrialWords.Wrong(AgentWire.ReadCounted(Counted), read) is { Count: > 0 } wrong ? string.Join(' ', wrong) : null;
        TrialNotes = read is null ? null : AgentWire.Write(TrialWords.Of(AgentWire.ReadCounted(Counted), read));
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Backup>
    {
        public void Configure(EntityTypeBuilder<Backup> builder) => builder.ToTable("backups");
    }
}
