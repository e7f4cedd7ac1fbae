using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Writing;

public sealed record VersionPage(long Id, string Subject, string Markdown, DateTime At, string By, string Kind);

/// <summary>Somebody saved the issue after this text was begun. Both are kept: theirs is the issue, this one is among the versions.</summary>
public sealed record Overtaken(long Version) : Refusal("Somebody saved this issue while you were writing. Their text is the issue now; yours is kept among its versions and still in the form below.");

/// <summary>Earlier words of an issue, for its owner.</summary>
public sealed class IssueVersions(PanelDb db, Issues issues)
{
    /// <summary>Versions per issue; the oldest go.</summary>
    private const int Most = 60;

    /// <summary>Saves of one person within this time are one version, so that saving by itself fills no book.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMinutes(5);

    public async Task<Outcome<IReadOnlyList<VersionPage>>> ListAsync(Actor by, long issue, CancellationToken ct) =>
        await issues.FindAsync(by, issue, ct) is null
            ? new NotThere($"issue {issue}")
            : await db.Set<IssueVersion>().AsNoTracking().Where(v => v.IssueId == issue).OrderByDescending(v => v.Id)
                .Select(v => new VersionPage(v.Id, v.Subject, v.Markdown, v.At, v.ByName, v.Kind)).ToListAsync(ct);

    /// <summary>Makes an earlier version the words of the issue; what stands there now becomes a version in turn.</summary>
    public async Task<Outcome<IssuePage>> RestoreAsync(Actor by, long issue, long version, CancellationToken ct)
    {
        var found = await issues.FindAsync(by, issue, ct) is null ? null : await db.Set<IssueVersion>().AsNoTracking().SingleOrDefaultAsync(v => v.Id == version && v.IssueId == issue, ct);
        return found is null ? new NotThere($"version {version}") : await issues.UpdateAsync(by, issue, new IssueWords(found.Subject, found.Markdown), ct);
    }

    internal static async Task<long> KeepAsync(PanelDb db, Actor by, long issue, string subject, string markdown, string kind, DateTime now, CancellationToken ct)
    {
        var last = await db.Set<IssueVersion>().AsNoTracking().Where(v => v.IssueId == issue).OrderByDescending(v => v.Id).FirstOrDefaultAsync(ct);
        if (kind == IssueVersion.Earlier && last is not null && last.Kind == kind && last.ByName == by.Name && now - last.At < Breath)
        {
            return last.Id;
        }

        var version = new IssueVersion { IssueId = issue, Subject = subject, Markdown = markdown, At = now, ByName = by.Name, Kind = kind };
        db.Add(version);
        await db.SaveChangesAsync(ct);
        var oldest = await db.Set<IssueVersion>().Where(v => v.IssueId == issue).OrderByDescending(v => v.Id).Skip(Most).Select(v => v.Id).FirstOrDefaultAsync(ct);
        await db.Set<IssueVersion>().Where(v => v.IssueId == issue && v.Id <= oldest).ExecuteDeleteAsync(ct);
        return version.Id;
    }

}
