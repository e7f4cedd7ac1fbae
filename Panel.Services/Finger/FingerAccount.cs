using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Finger;

/// <summary>What one member says to those who finger them. Made at the first change; until then everybody answers with their name.</summary>
public sealed class FingerAccount
{
    public long MemberId { get; init; }

    /// <summary>The full name that is always told; empty means the member's own.</summary>
    public string Name { get; private set; } = string.Empty;

    public string WebPage { get; private set; } = string.Empty;

    public string Project { get; private set; } = string.Empty;

    /// <summary>Lines end in LF; at most <see cref="FingerRules.PlanBytes"/>.</summary>
    public string Plan { get; private set; } = string.Empty;

    public DateTime? PlanWrittenAt { get; private set; }

    public FingerParts Shows { get; private set; } = FingerParts.All;

    /// <summary>Since when the member is in the list that an empty query gets; null is not at all.</summary>
    public DateTime? ListedAt { get; private set; }

    /// <summary>Since when the member answers like somebody who does not exist, by their own choice.</summary>
    public DateTime? HiddenAt { get; private set; }

    /// <summary>Since when an admin keeps the account from answering, after a report (RFC 1288 §3.2.4); the member cannot undo it.</summary>
    public DateTime? WithheldAt { get; private set; }

    /// <summary>What the admin said about it; the member reads it.</summary>
    public string? WithheldReason { get; private set; }

    /// <summary>A line of the plan that asks to be pasted into a terminal; admins see it.</summary>
    public string? Flagged { get; private set; }

    /// <summary>Counts changes, so that two people who edit at once do not overwrite each other unseen.</summary>
    public long Version { get; private set; }

    public bool Answers => HiddenAt is null && WithheldAt is null;

    /// <summary>Takes over what is said in <paramref name="wanted"/>; what is null there stays as it is.</summary>
    internal void Write(FingerChanges wanted, DateTime now)
    {
        Name = wanted.Name ?? Name;
        WebPage = wanted.WebPage ?? WebPage;
        Project = wanted.Project ?? Project;
        Shows = wanted.Shows is { } shows ? shows.Aggregate(FingerParts.None, (all, part) => all | part) & FingerParts.All : Shows;
        ListedAt = Since(ListedAt, wanted.Listed, now);
        HiddenAt = Since(HiddenAt, wanted.Hidden, now);
        WithheldAt = Since(WithheldAt, wanted.Withheld, now);
        WithheldReason = WithheldAt is null ? null : wanted.WithheldReason ?? WithheldReason;
        if (wanted.Plan is { } plan && plan != Plan)
        {
            (Plan, PlanWrittenAt, Flagged) = (plan, now, PlanSigns.Find(plan));
        }

        Version++;
    }

    internal FingerCard Card(string handle, string memberName) =>
        new(handle, FingerRules.NameOf(Name, memberName, handle))
        {
            Shows = Shows,
            WebPage = WebPage,
            Project = Project,
            Plan = Plan,
            PlanWrittenAt = PlanWrittenAt,
        };

    private static DateTime? Since(DateTime? since, bool? wanted, DateTime now) =>
        wanted switch { null => since, true => since ?? now, false => null };

    internal sealed class Mapping :
        IEntityTypeConfiguration<FingerAccount>, IEntityTypeConfiguration<FingerPlan>, IEntityTypeConfiguration<FingerWord>, IEntityTypeConfiguration<FingerClock>
    {
        public void Configure(EntityTypeBuilder<FingerAccount> builder)
        {
            builder.ToTable("finger_accounts");
            builder.HasKey(a => a.MemberId);
            builder.Property(a => a.MemberId).ValueGeneratedNever();
            builder.Property(a => a.Version).IsConcurrencyToken();
        }

        public void Configure(EntityTypeBuilder<FingerPlan> builder) => builder.ToTable("finger_plans");

        public void Configure(EntityTypeBuilder<FingerWord> builder)
        {
            builder.ToTable("finger_words");
            builder.HasKey(w => new { w.Word, w.MemberId });
        }

        public void Configure(EntityTypeBuilder<FingerClock> builder)
        {
            builder.ToTable("finger_clock");
            builder.Property(c => c.Id).ValueGeneratedNever();
        }
    }
}

/// <summary>One plan as it once was; what is written is never lost.</summary>
public sealed class FingerPlan
{
    public long Id { get; init; }

    public long MemberId { get; init; }

    public required string Plan { get; init; }

    public DateTime WrittenAt { get; init; }

    public required string WrittenBy { get; init; }

    public Door Door { get; init; }
}

/// <summary>A word of a listed member's name, in small letters, so that a name is found without reading every member.</summary>
public sealed class FingerWord
{
    public required string Word { get; init; }

    public long MemberId { get; init; }
}

/// <summary>One row whose number is raised in the transaction of every change to what finger answers; by it all nodes know what they may keep.</summary>
public sealed class FingerClock
{
    public const int OnlyId = 1;

    public int Id { get; init; } = OnlyId;

    public long Number { get; init; }
}
