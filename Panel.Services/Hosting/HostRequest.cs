using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>Something a host is asked to do once: a dry run, a full pass now, a usage sample, a task, or the end of a site's log.</summary>
public sealed class HostRequest
{
    /// <summary>A request that an agent took and did not answer is given again after this, so that a crash loses none.</summary>
    public static readonly TimeSpan GivenAgainAfter = TimeSpan.FromMinutes(1);

    /// <summary>Nobody waits for an older one any more.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    public long Id { get; init; }

    public long HostId { get; init; }

    public AgentWork Work { get; init; }

    public required string AskedBy { get; init; }

    public DateTime AskedAt { get; init; }

    /// <summary>The account that it is about; null when it is about the host.</summary>
    public string? Handle { get; init; }

    /// <summary>What of the account: a task, or the site of a log.</summary>
    public string? Name { get; init; }

    /// <summary>What of a backup, as JSON.</summary>
    public string? Detail { get; init; }

    /// <summary>Why the host could not do it.</summary>
    public string? Failure { get; private set; }

    public DateTime? TakenAt { get; set; }

    public DateTime? AnsweredAt { get; private set; }

    public long Milliseconds { get; private set; }

    /// <summary>The steps of a dry run or the lines of a log, as JSON.</summary>
    public string? Plan { get; private set; }

    /// <summary>It opens the account's repository of backups, and so carries its password.</summary>
    public bool IsOfBackups => Work is AgentWork.Backup or AgentWork.Restore or AgentWork.Trial or AgentWork.Contents;

    public void Answer(HostReport report, DateTime at)
    {
        (AnsweredAt, Milliseconds, Failure) = (at, report.Milliseconds, AgentReports.Plain(report.Failure));
        var lines = report.Plan ?? (report.Backup is { } backup ? AgentReports.Plain(backup.Notes) : null);
        Plan = lines is null ? null : AgentWire.Write(lines);
    }

    internal sealed class Mapping : IEntityTypeConfiguration<HostRequest>
    {
        public void Configure(EntityTypeBuilder<HostRequest> builder) => builder.ToTable("host_requests");
    }
}
