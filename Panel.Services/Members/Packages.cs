using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary>Limits of a package; <paramref name="DiskBytes"/> in bytes, <paramref name="Mails"/> per calendar month.</summary>
public sealed record PackageLimits(string Name, long DiskBytes, int Sites, int Databases, int Domains, int Lists, int Mails, int KeepDaily = 7, int KeepWeekly = 4, int KeepMonthly = 6);

public sealed record PackagePage(string Name, long DiskBytes, int Sites, int Databases, int Domains, int Lists, int Mails, int Members, int KeepDaily = 7, int KeepWeekly = 4, int KeepMonthly = 6);

/// <summary>The packages of the house. Admins change them; a member sees the one they have.</summary>
public sealed class Packages(PanelDb db, AuditTrail audit)
{
    private static readonly NotAllowed AdminsOnly = new("Only an admin changes packages.");

    public async Task<IReadOnlyList<PackagePage>> ListAsync(Actor by, CancellationToken ct)
    {
        var seen = await db.Set<Package>().AsNoTracking()
            .Where(p => by.IsAdmin || db.Users.Any(m => m.Id == by.MemberId && m.PackageId == p.Id))
            .Select(p => new PackagePage(
                p.Name, p.DiskBytes, p.Sites, p.Databases, p.Domains, p.Lists, p.Mails,
                by.IsAdmin ? db.Users.Count(m => m.PackageId == p.Id && m.RemovedAt == null) : 1, p.KeepDaily, p.KeepWeekly, p.KeepMonthly))
            .ToListAsync(ct);
        return [.. seen.OrderBy(p => p.Name, StringComparer.Ordinal)];
    }

    public async Task<Outcome<PackagePage>> ShowAsync(Actor by, string name, CancellationToken ct) =>
        (await ListAsync(by, ct)).SingleOrDefault(p => p.Name == name) is { } page ? page : new NotThere($"package {name}");

    public async Task<Outcome<PackagePage>> AddAsync(Actor by, PackageLimits wanted, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return AdminsOnly;
        }

        if ((Handles.CheckName(wanted.Name) ?? Check(wanted)) is { } wrong)
        {
            return wrong;
        }

        if (await db.Set<Package>().AnyAsync(p => p.Name == wanted.Name, ct))
        {
            return new Refusal($"There is a package {wanted.Name} already.", "name");
        }

        var package = new Package { Name = wanted.Name };
        Set(by, package, wanted, "package.add");
        db.Add(package);
        await db.SaveChangesAsync(ct);
        return await ShowAsync(by, package.Name, ct);
    }

    /// <summary>New limits for everybody who has the package. Lowering one deletes nothing; it only stops more.</summary>
    public async Task<Outcome<PackagePage>> ChangeAsync(Actor by, string name, PackageLimits wanted, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return AdminsOnly;
        }

        if (await db.Set<Package>().SingleOrDefaultAsync(p => p.Name == name, ct) is not { } package)
        {
            return new NotThere($"package {name}");
        }

        if (Check(wanted) is { } wrong)
        {
            return wrong;
        }

        Set(by, package, wanted, "package.change");
        await db.SaveChangesAsync(ct);
        return await ShowAsync(by, name, ct);
    }

    public async Task<Outcome<Done>> RemoveAsync(Actor by, string name, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return AdminsOnly;
        }

        if (await db.Set<Package>().SingleOrDefaultAsync(p => p.Name == name, ct) is not { } package)
        {
            return new NotThere($"package {name}");
        }

        var users = await db.Users.CountAsync(m => m.PackageId == package.Id, ct);
        if (users > 0 || name == Package.Standard)
        {
            return new InTheWay(users > 0
                ? $"{users} {(users == 1 ? "member has" : "members have or had")} the package {name}, so it stays."
                : $"The package {name} is what new members get, so it stays.");
        }

        db.Remove(package);
        audit.Add(by, null, "package.remove", name);
        await db.SaveChangesAsync(ct);
        return Done.It;
    }

    private void Set(Actor by, Package package, PackageLimits wanted, string action)
    {
        (string Field, long Old, long New)[] limits =
        [
            ("disk", package.DiskBytes, wanted.DiskBytes), ("sites", package.Sites, wanted.Sites), ("databases", package.Databases, wanted.Databases),
            ("domains", package.Domains, wanted.Domains), ("lists", package.Lists, wanted.Lists), ("mails", package.Mails, wanted.Mails),
            ("keepDaily", package.KeepDaily, wanted.KeepDaily), ("keepWeekly", package.KeepWeekly, wanted.KeepWeekly), ("keepMonthly", package.KeepMonthly, wanted.KeepMonthly),
        ];
        (package.DiskBytes, package.Sites, package.Databases, package.Domains, package.Lists, package.Mails) =
            (wanted.DiskBytes, wanted.Sites, wanted.Databases, wanted.Domains, wanted.Lists, wanted.Mails);
        (package.KeepDaily, package.KeepWeekly, package.KeepMonthly) = (wanted.KeepDaily, wanted.KeepWeekly, wanted.KeepMonthly);
        audit.Add(by, null, action, package.Name, [.. limits.Where(l => l.Old != l.New).Select(l => (l.Field, (string?)$"{l.Old}", (string?)$"{l.New}"))]);
    }

    private static Refusal? Check(PackageLimits wanted)
    {
        if (wanted.DiskBytes is < 1 << 20 or > 1_000_000_000_000_000)
        {
            return new Refusal("Disk space is a number of bytes, from one megabyte (1048576) up.", "diskBytes");
        }

        if (wanted is { KeepDaily: < 1 or > 1000 } or { KeepWeekly: < 0 or > 1000 } or { KeepMonthly: < 0 or > 1000 })
        {
            return new Refusal("Backups are kept for 1 to 1000 days, and 0 to 1000 weeks and months.", "keepDaily");
        }

        (string Field, int Value)[] counts =
            [("sites", wanted.Sites), ("databases", wanted.Databases), ("domains", wanted.Domains), ("lists", wanted.Lists), ("mails", wanted.Mails)];
        return counts.FirstOrDefault(c => c.Value is < 0 or > 100_000_000) is { Field: { } field }
            ? new Refusal($"How many {field}? A number from 0 up.", field)
            : null;
    }
}
