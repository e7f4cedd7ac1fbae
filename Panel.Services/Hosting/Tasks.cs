using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary><paramref name="Every"/> as <see cref="TaskSchedule"/> reads it; <paramref name="Arguments"/> is the program and its
/// arguments, each as it is: there is no shell that would look into them.</summary>
public sealed record NewTask(string? Name, string? Every, IReadOnlyList<string>? Arguments, int LimitSeconds = 3600);

public sealed record TaskRunPage(DateTime StartedAt, long Milliseconds, int? ExitCode, string? Note, string Output);

/// <summary>A task and its last runs, newest first.</summary>
public sealed record TaskPage(
    long Id, string Name, string Every, IReadOnlyList<string> Arguments, int LimitSeconds, string State, string? Reason, DateTime NextAt, DateTime CreatedAt, IReadOnlyList<TaskRunPage> Runs);

/// <summary>The scheduled programs of a member. The host runs them as the member and says what came of it.</summary>
public sealed class Tasks(PanelDb db, Members.Members members, Revisions revisions, ItemViews views, HostWork work, AuditTrail audit, TimeProvider time)
{
    /// <summary>More than one account needs.</summary>
    public const int Most = 50;

    public const int MostSeconds = 86400;
    private const int LongestArguments = 8000;

    public async Task<Outcome<TaskPage>> AddAsync(Actor by, string handle, NewTask wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null)
        {
            return new InTheWay($"{handle} was removed, so nothing can be added.");
        }

        if ((Handles.CheckName(wanted.Name) ?? Check(wanted)) is { } wrong)
        {
            return wrong;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await revisions.RaiseAsync(member.Id, ct) is not { } placement)
        {
            return new InTheWay("No host carries this account yet, so it cannot have a task.");
        }

        var names = await db.Set<MemberTask>().Where(t => t.MemberId == member.Id && t.RemovedAt == null).Select(t => t.Name).ToListAsync(ct);
        if (names.Contains(wanted.Name!))
        {
            return new Refusal($"{handle} has a task {wanted.Name} already. Choose another name.", "name");
        }

        if (names.Count >= Most)
        {
            return new Refusal($"An account has at most {Most} tasks. Remove one that is no longer needed.", "name");
        }

        var row = new MemberTask
        {
            MemberId = member.Id,
            Name = wanted.Name!,
            Schedule = wanted.Every!,
            Command = JsonSerializer.Serialize(wanted.Arguments),
            LimitSeconds = wanted.LimitSeconds,
            Revision = placement.Revision,
            CreatedAt = time.GetUtcNow().UtcDateTime,
        };
        db.Add(row);
        audit.Add(by, member.Id, "task.add", row.Name, ("every", null, row.Schedule), ("command", null, row.Command));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (await PagesAsync(member, row.Name, ct))[0];
    }

    public async Task<Outcome<IReadOnlyList<TaskPage>>> ListAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member ? await PagesAsync(member, null, ct) : new NotThere($"member {handle}");

    public async Task<Outcome<TaskPage>> ShowAsync(Actor by, string handle, string name, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member && await PagesAsync(member, name, ct) is [var page] ? page : new NotThere($"task {name} of {handle}");

    /// <summary>Runs it now, beside its schedule, and waits for its end up to three minutes.</summary>
    public async Task<Outcome<TaskPage>> SetOffAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member || await FindAsync(member, name, ct) is not { } task)
        {
            return new NotThere($"task {name} of {handle}");
        }

        if ((await views.OfAsync(member, ItemStatus.TaskItem, ct)).Host is not { } host)
        {
            return new InTheWay("No host carries this account yet.");
        }

        audit.Add(by, member.Id, "task.run", task.Name);
        await db.SaveChangesAsync(ct);
        var ran = await work.AskAsync(by, host, AgentWork.Task, handle, name, HostWork.PassLimit, ct);
        return ran.Refused is { } no ? no : (await PagesAsync(member, name, ct))[0];
    }

    public async Task<Outcome<Done>> RemoveAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await revisions.RaiseAsync(member.Id, ct);
        if (await FindAsync(member, name, ct) is not { } row)
        {
            return new NotThere($"task {name} of {handle}");
        }

        row.Remove(time.GetUtcNow().UtcDateTime);
        audit.Add(by, member.Id, "task.remove", row.Name, ("every", row.Schedule, null));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    private static Refusal? Check(NewTask wanted) => wanted switch
    {
        _ when TaskSchedule.Parse(wanted.Every) is null => new Refusal(
            "When it runs is one of 15m, 2h, hourly@20, daily@04:00, weekly@mon@04:00 and monthly@1@04:00, in UTC; a day of the month is 1 to 28.", "every"),
        { Arguments: not { Count: > 0 } } or { Arguments: ["", ..] } => new Refusal("A task needs a program and, if it takes any, its arguments.", "arguments"),
        _ when wanted.Arguments!.Any(a => a is null || a.Contains('\0', StringComparison.Ordinal)) => new Refusal("An argument cannot hold the character NUL.", "arguments"),
        _ when wanted.Arguments!.Count > 100 || wanted.Arguments.Sum(a => a.Length) > LongestArguments =>
            new Refusal($"A task has at most 100 arguments and {LongestArguments} characters. Put more into a file of yours.", "arguments"),
        _ when wanted.LimitSeconds is < 1 or > MostSeconds => new Refusal($"The limit of a run is 1 to {MostSeconds} seconds.", "limitSeconds"),
        _ => null,
    };

    private Task<MemberTask?> FindAsync(Member member, string name, CancellationToken ct) =>
        db.Set<MemberTask>().SingleOrDefaultAsync(t => t.MemberId == member.Id && t.Name == name && t.RemovedAt == null, ct);

    private async Task<List<TaskPage>> PagesAsync(Member member, string? name, CancellationToken ct)
    {
        var view = await views.OfAsync(member, ItemStatus.TaskItem, ct);
        var rows = await db.Set<MemberTask>().AsNoTracking().Where(t => t.MemberId == member.Id && t.RemovedAt == null && (name == null || t.Name == name)).ToListAsync(ct);
        var ids = rows.ConvertAll(t => t.Id);
        var runs = (await db.Set<MemberTaskRun>().AsNoTracking().Where(r => ids.Contains(r.TaskId)).OrderByDescending(r => r.StartedAt).ToListAsync(ct)).ToLookup(r => r.TaskId);
        return [.. rows.OrderBy(t => t.Name, StringComparer.Ordinal).Select(t =>
        {
            var (state, reason) = view.Of(t.Name, t.Revision);
            return new TaskPage(
                t.Id, t.Name, t.Schedule, t.ReadArguments(), t.LimitSeconds, state, reason, TaskSchedule.Parse(t.Schedule)!.Next(time.GetUtcNow()).UtcDateTime, t.CreatedAt,
                [.. runs[t.Id].Select(r => new TaskRunPage(r.StartedAt, r.Milliseconds, r.ExitCode, r.Note, r.Output))]);
        })];
    }
}
