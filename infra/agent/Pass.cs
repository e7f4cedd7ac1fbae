using System.Diagnostics;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>What one pass did with one account.</summary>
internal sealed record Passed(AccountReport Report, IReadOnlyList<Step> Steps, bool Well);

/// <summary>One pass over some accounts: observe, plan, stage, check, swap, probe. Whatever happens to one account, the
/// others go on.</summary>
internal sealed class Pass(Host host, Observation seen, TimeProvider time)
{
    private const string NoRoom =
        "Files and databases together are over the account's disk limit, so its databases take nothing more: they can be read, and what is no longer needed can be removed. Once there is room again they open by themselves.";

    public static Pass Begin(Host host, bool full, IEnumerable<AccountState> accounts, TimeProvider time)
    {
        if (full)
        {
            host.Vhosts.Observe();
            host.Databases.Observe();
            host.Volume.Observe();
        }
        else
        {
            foreach (var name in accounts.SelectMany(a => a.Sites).SelectMany(s => s.Domains.Prepend(s.Address)).Where(Grammar.IsServed))
            {
                host.Vhosts.Observe(Vhosts.NameOf(name));
            }
        }

        var seen = new Observation(host);
        return new Pass(host, seen, time);
    }

    /// <summary>The steps a pass would take, as lines for people; takes none.</summary>
    public IReadOnlyList<string> Preview(IEnumerable<AccountState> accounts, bool mayTake) =>
        [.. accounts.SelectMany(a => Look(a, mayTake) switch
        {
            ({ } wanted, var steps, _) => wanted.Problems.Select(p => $"{a.Handle}: {p.Kind} {p.Name} is put aside: {p.Message}").Concat(steps.SelectMany(s => s.Lines)),
            var (_, _, refused) => [$"{a.Handle}: is put aside: {refused}"],
        })];

    /// <summary>Users of all accounts are written together first, as the file of users is one.</summary>
    public async Task<IReadOnlyList<Passed>> RunAsync(IReadOnlyCollection<AccountState> accounts, bool mayTake, CancellationToken ct)
    {
        var looked = accounts.Select(a => (Account: a, Look: Look(a, mayTake))).ToList();
        var users = looked.Where(l => l.Look.Steps.Any(s => s.Act == Act.MakeUser)).Select(l => l.Look.Wanted!.Shape.User!).ToList();
        if (users.Count > 0)
        {
            host.Users.Write(host.Users.Read().Values.Where(u => users.All(w => w.Handle != u.Handle)).Concat(users));
        }

        var passed = new List<Passed>();
        foreach (var (account, (wanted, steps, refused)) in looked)
        {
            ct.ThrowIfCancellationRequested();
            passed.Add(wanted is null
                ? new Passed(Report(account, [new Problem("account", account.Handle, refused!)], new(), 0), [], false)
                : await OneAsync(account, wanted, steps, ct));
        }

        return passed;
    }

    private (Wanted? Wanted, IReadOnlyList<Step> Steps, string? Refused) Look(AccountState account, bool mayTake)
    {
        try
        {
            return Judge(account, mayTake);
        }
        catch (Exception no) when (no is ArgumentException or InvalidOperationException or MachineException or IOException or UnauthorizedAccessException)
        {
            return (null, [], $"What is asked for cannot be: {no.Message}");
        }
    }

    private (Wanted? Wanted, IReadOnlyList<Step> Steps, string? Refused) Judge(AccountState account, bool mayTake)
    {
        if (account.IsGone && !mayTake)
        {
            return (null, [], "Its removal waits until an admin has confirmed it, because Panel's database was restored.");
        }

        var (wanted, refused) = Wanted.Of(account, seen.View);
        if (wanted is null)
        {
            return (null, [], refused);
        }

        if (wanted.Shape.User is { } user)
        {
            seen.Claim(user);
        }

        var found = seen.Find(account.Handle, account.Uid, account.IsGone);
        var shape = wanted.Shape.Aside(wanted.Aside, found, host.Vhosts) with { Limit = host.Databases.FilesOf(account.Handle, wanted.Shape.Limit, found.Limit) };
        wanted = wanted with { Shape = mayTake ? shape : shape.Keeping(found) };
        return (wanted, Plan.Of(account.Handle, wanted.Shape, found, host.Volume.Enforces), null);
    }

    private async Task<Passed> OneAsync(AccountState account, Wanted wanted, IReadOnlyList<Step> steps, CancellationToken ct)
    {
        var clock = Stopwatch.StartNew();
        var times = new Dictionary<string, long>();
        IReadOnlyList<Problem> problems = [.. wanted.Problems, .. await new Apply(host, time).RunAsync(wanted, steps, times, ct)];
        host.Certificates.Want(account, account.Sites.Select(s => s.Name).Except(wanted.Aside).ToHashSet(StringComparer.Ordinal));
        return new Passed(Report(account, problems, times, clock.ElapsedMilliseconds), steps, problems.Count == 0);
    }

    private AccountReport Report(AccountState account, IReadOnlyList<Problem> problems, Dictionary<string, long> times, long whole)
    {
        var fine = account.IsGone ? ItemState.Removed : account.Status == AccountStatus.Suspended ? ItemState.Suspended : account.Hold != AccountHold.None ? ItemState.Held : ItemState.Live;
        ItemReport Item(string kind, string name, long milliseconds)
        {
            // When the account as a whole is put aside, so is everything in it, for the same reason.
            var problem = problems.FirstOrDefault(p => p.Kind == kind && p.Name == name) ?? problems.FirstOrDefault(p => p.Kind == "account");
            return new ItemReport(kind, name, problem is null ? fine : ItemState.Failed, problem?.Message, milliseconds);
        }

        return new AccountReport(account.Handle, account.Revision,
        [
            Item("account", account.Handle, whole),
            .. account.Sites.Select(s => Item("site", s.Name, times.GetValueOrDefault(s.Name))),
            .. account.Sites.Select(s => host.Certificates.Report(account.Handle, s)).OfType<ItemReport>(),
            .. account.Keys.Select(k => Item("key", $"{k.Id}", 0)),
            .. (account.Databases ?? []).Select(d => Item("database", d.Name, 0)).Select(i => i.State != ItemState.Live || host.Databases.RoomOf(account.Handle) == Room.Free ? i
                : i with { State = ItemState.Failed, Message = NoRoom }),
            .. (account.Tasks ?? []).Select(t => Item("task", t.Name, 0)),
        ]);
    }
}
