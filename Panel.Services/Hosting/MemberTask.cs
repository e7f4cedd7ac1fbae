using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Hosting;

/// <summary>A program that runs as the member on a schedule.</summary>
public sealed class MemberTask
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Name { get; init; }

    /// <summary>As <see cref="Panel.Hosting.TaskSchedule"/> reads it.</summary>
    public required string Schedule { get; init; }

    /// <summary>The program and its arguments as a JSON list: never one line.</summary>
    public required string Command { get; init; }

    public int LimitSeconds { get; init; }

    public long Revision { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime? RemovedAt { get; private set; }

    public IReadOnlyList<string> ReadArguments() => JsonSerializer.Deserialize<List<string>>(Command) ?? [];

    public void Remove(DateTime at) => RemovedAt ??= at;

    internal sealed class Mapping : IEntityTypeConfiguration<MemberTask>
    {
        public void Configure(EntityTypeBuilder<MemberTask> builder) => builder.ToTable("tasks");
    }
}

/// <summary>One run of a task and what it said.</summary>
public sealed class MemberTaskRun
{
    public long Id { get; init; }

    public long TaskId { get; init; }

    public DateTime StartedAt { get; init; }

    public long Milliseconds { get; init; }

    /// <summary>Null when it did not end by itself.</summary>
    public int? ExitCode { get; init; }

    public string? Note { get; init; }

    public required string Output { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<MemberTaskRun>
    {
        public void Configure(EntityTypeBuilder<MemberTaskRun> builder) => builder.ToTable("task_runs");
    }
}
