using Microsoft.EntityFrameworkCore;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary><paramref name="Engine"/> is <c>mariadb</c> or <c>postgres</c>.</summary>
public sealed record NewDatabase(string? Name, string? Engine = null);

/// <summary>A database and how a program reaches it. <paramref name="Host"/> is the directory of PostgreSQL's socket, or
/// <c>localhost</c> for MariaDB, whose socket is <paramref name="Socket"/>.</summary>
public sealed record DatabasePage(
    long Id, string Name, string Engine, string Database, string User, string Host, string? Socket, string State, string? Reason, long? Bytes, DateTime CreatedAt);

/// <summary>The only time that a password is seen.</summary>
public sealed record DatabaseOpened(long Id, string Name, string Engine, string Database, string User, string Password, string Host, string? Socket);

/// <summary>The databases of a member. The host makes them and reports; a password is shown once and kept nowhere.</summary>
public sealed class Databases(PanelDb db, Members.Members members, Revisions revisions, ItemViews views, AuditTrail audit, TimeProvider time)
{
    public async Task<Outcome<DatabaseOpened>> AddAsync(Actor by, string handle, NewDatabase wanted, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        if (member.RemovedAt is not null)
        {
            return new InTheWay($"{handle} was removed, so nothing can be added.");
        }

        if (Handles.CheckName(wanted.Name) is { } badName)
        {
            return badName;
        }

        if (EngineOf(wanted.Engine) is not { } engine)
        {
            return new Refusal("The engine of a database is mariadb or postgres.", "engine");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (await revisions.RaiseAsync(member.Id, ct) is not { } placement)
        {
            return new InTheWay("No host carries this account yet, so it cannot have a database.");
        }

        var limit = await db.Set<Package>().Where(p => p.Id == member.PackageId).Select(p => p.Databases).SingleAsync(ct);
        var names = await db.Set<MemberDatabase>().Where(d => d.MemberId == member.Id && d.RemovedAt == null).Select(d => d.Name).ToListAsync(ct);
        if (names.Contains(wanted.Name!))
        {
            return new Refusal($"{handle} has a database {wanted.Name} already. Choose another name.", "name");
        }

        if (names.Count >= limit)
        {
            return new Refusal($"The package of {handle} has room for {limit} databases, and {names.Count} are there. Remove one, or ask an admin for a larger package.", "name");
        }

        var password = DatabasePassword.Make(engine);
        var row = new MemberDatabase
        {
            MemberId = member.Id,
            Name = wanted.Name!,
            Engine = engine,
            Verifier = password.Verifier,
            Revision = placement.Revision,
            CreatedAt = time.GetUtcNow().UtcDateTime,
        };
        db.Add(row);
        audit.Add(by, member.Id, "database.add", row.Name, ("engine", null, WordOf(engine)));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await OpenedAsync(member, row, password, ct);
    }

    public async Task<Outcome<IReadOnlyList<DatabasePage>>> ListAsync(Actor by, string handle, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member ? await PagesAsync(member, null, ct) : new NotThere($"member {handle}");

    public async Task<Outcome<DatabasePage>> ShowAsync(Actor by, string handle, string name, CancellationToken ct) =>
        await members.ReachAsync(by, handle, ct) is { } member && await PagesAsync(member, name, ct) is [var page] ? page : new NotThere($"database {name} of {handle}");

    /// <summary>A new password; the old one opens nothing as soon as the host has it.</summary>
    public async Task<Outcome<DatabaseOpened>> ResetAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var placement = await revisions.RaiseAsync(member.Id, ct);
        if (placement is null || await FindAsync(member, name, ct) is not { } row)
        {
            return new NotThere($"database {name} of {handle}");
        }

        var password = DatabasePassword.Make(row.Engine);
        (row.Verifier, row.Revision) = (password.Verifier, placement.Revision);
        audit.Add(by, member.Id, "database.reset", row.Name);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await OpenedAsync(member, row, password, ct);
    }

    /// <summary>Takes the database out of service. The host keeps a dump of it for 30 days, beside what is in backups.</summary>
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
            return new NotThere($"database {name} of {handle}");
        }

        row.Remove(time.GetUtcNow().UtcDateTime);
        audit.Add(by, member.Id, "database.remove", row.Name, ("engine", WordOf(row.Engine), null));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return Done.It;
    }

    internal static string WordOf(DatabaseEngine engine) => engine == DatabaseEngine.Mariadb ? "mariadb" : "postgres";

    private static DatabaseEngine? EngineOf(string? word) => word switch { "mariadb" => DatabaseEngine.Mariadb, "postgres" => DatabaseEngine.Postgres, _ => null };

    private Task<MemberDatabase?> FindAsync(Member member, string name, CancellationToken ct) =>
        db.Set<MemberDatabase>().SingleOrDefaultAsync(d => d.MemberId == member.Id && d.Name == name && d.RemovedAt == null, ct);

    private async Task<DatabaseOpened> OpenedAsync(Member member, MemberDatabase row, DatabasePassword password, CancellationToken ct)
    {
        var page = (await PagesAsync(member, row.Name, ct))[0];
        return new DatabaseOpened(row.Id, page.Name, page.Engine, page.Database, page.User, password.Text, page.Host, page.Socket);
    }

    private async Task<List<DatabasePage>> PagesAsync(Member member, string? name, CancellationToken ct)
    {
        var view = await views.OfAsync(member, ItemStatus.DatabaseItem, ct);
        var sockets = view.Host?.ReadFacts()?.DatabaseSockets ?? "/run/panel";
        var rows = await db.Set<MemberDatabase>().AsNoTracking().Where(d => d.MemberId == member.Id && d.RemovedAt == null && (name == null || d.Name == name)).ToListAsync(ct);
        return [.. rows.OrderBy(d => d.Name, StringComparer.Ordinal).Select(d =>
        {
            var (state, reason) = view.Of(d.Name, d.Revision);
            var maria = d.Engine == DatabaseEngine.Mariadb;
            var full = $"{member.Handle}_{d.Name}";
            return new DatabasePage(
                d.Id, d.Name, WordOf(d.Engine), full, full, maria ? "localhost" : $"{sockets}/postgres", maria ? $"{sockets}/mariadb/mariadb.sock" : null, state, reason, d.Bytes, d.CreatedAt);
        })];
    }
}
