using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Importing;

/// <param name="Rows">Rows read so far, without the heading.</param>
/// <param name="Reasons">Who was not added and why, with counts.</param>
/// <param name="HasErrors">There is a file of bad rows to mend.</param>
public sealed record ImportPage(
    long Id, string Handle, string List, string File, string Consent, ImportState State, string? Note, long Bytes, long Rows, long Added, long Known, long Kept, long Refused,
    IReadOnlyDictionary<string, long> Reasons, bool HasErrors, DateTime CreatedAt, DateTime? StartedAt, DateTime? FinishedAt);

/// <summary>Files of people for a member's list: looked at first, then read through without a change, then imported as a job that
/// survives a crash. Nobody who left, bounced, complained or was erased comes back by a file (F18).</summary>
public sealed class Imports(PanelDb db, Lists lists, AuditTrail audit, ImportFolder folder, ImportRun run, ImportDesk desk, TimeProvider time)
{
    /// <summary>A million people are about 40 MB.</summary>
    public const long MostBytes = 512L * 1024 * 1024;

    /// <summary>Takes a file in. It is read through and counted; nobody is added before <see cref="StartAsync"/>.</summary>
    public async Task<Outcome<ImportPage>> AddAsync(Actor by, string handle, string list, Stream csv, string? file, string? consent, CancellationToken ct)
    {
        var taken = await TakeAsync(by, handle, list, csv, file, consent, ImportState.Checking, ct);
        return taken.Succeeded ? await ShowAsync(by, handle, list, taken.Value.Id, ct) : taken.Refused;
    }

    /// <summary>Takes a file in and imports it to the end before answering: the way of API and command line. Killed in the middle,
    /// the next start goes on.</summary>
    internal async Task<Outcome<ImportReport>> ImportAsync(Actor by, string handle, string list, Stream csv, string? consent, CancellationToken ct)
    {
        var taken = await TakeAsync(by, handle, list, csv, null, consent, ImportState.Running, ct);
        if (!taken.Succeeded)
        {
            return taken.Refused;
        }

        var id = taken.Value.Id;
        await run.RunAsync(id, ct);
        var page = (await ShowAsync(by, handle, list, id, ct)).Value!;
        return page.State == ImportState.Failed
            ? new Refusal(page.Note ?? "The file could not be read.", "file")
            : new ImportReport(page.Rows, page.Added, page.Known, page.Kept, page.Refused, ReadBad(id)) { Id = page.Id, State = page.State, Reasons = page.Reasons };
    }

    public async Task<Outcome<ImportPage>> ShowAsync(Actor by, string handle, string list, long id, CancellationToken ct) =>
        await FindAsync(by, handle, list, id, ct) is { } found ? PageOf(found, handle, list) : new NotThere($"import {id}");

    public async Task<Outcome<IReadOnlyList<ImportPage>>> ListAsync(Actor by, string handle, string list, CancellationToken ct) =>
        await lists.FindAsync(by, handle, list, ct) is { } found
            ? (await db.Set<Import>().AsNoTracking().Where(i => i.ListId == found.Id).OrderByDescending(i => i.Id).Take(50).ToListAsync(ct)).ConvertAll(i => PageOf(i, handle, list))
            : new NotThere($"list {handle}/{list}");

    /// <summary>What was found in the file: encoding, separator, columns and the first rows.</summary>
    public async Task<Outcome<ImportLook>> LookAsync(Actor by, string handle, string list, long id, CancellationToken ct)
    {
        if (await FindAsync(by, handle, list, id, ct) is not { } import || !File.Exists(folder.PeopleOf(id)))
        {
            return new NotThere($"import {id}");
        }

        var fields = (await lists.FindAsync(by, handle, list, ct))!.FieldNames;
        await using var people = File.OpenRead(folder.PeopleOf(id));
        var opened = ImportFile.Open(people, fields);
        if (!opened.Succeeded)
        {
            return opened.Refused;
        }

        using var file = opened.Value;
        var look = file.Look(ImportEncoding.SeparatorOf(folder.PeopleOf(id)));
        return look with { Columns = ImportColumns.Read(import.Columns) ?? look.Columns };
    }

    /// <summary>Says which column is what, and counts again.</summary>
    public async Task<Outcome<ImportPage>> UpdateAsync(Actor by, string handle, string list, long id, ImportColumns columns, CancellationToken ct)
    {
        if (await FindAsync(by, handle, list, id, ct) is null)
        {
            return new NotThere($"import {id}");
        }

        if (columns.Email < 0)
        {
            return new Refusal("Say which column has the e-mail addresses.", "email");
        }

        var changed = await db.Set<Import>().Where(i => i.Id == id && (i.State == ImportState.Checked || i.State == ImportState.Failed) && i.StartedAt == null).ExecuteUpdateAsync(set =>
            set.SetProperty(i => i.State, ImportState.Checking).SetProperty(i => i.Columns, columns.Write()).SetProperty(i => i.Note, (string?)null).SetProperty(i => i.FinishedAt, (DateTime?)null)
                .SetProperty(i => i.Position, 0).SetProperty(i => i.Added, 0).SetProperty(i => i.Known, 0).SetProperty(i => i.Kept, 0).SetProperty(i => i.Refused, 0)
                .SetProperty(i => i.Reasons, "").SetProperty(i => i.ErrorBytes, 0), ct);
        desk.Ring();
        return changed == 1 ? await ShowAsync(by, handle, list, id, ct) : new InTheWay("This file is being read, or was imported already.");
    }

    /// <summary>Imports what was counted. From then on it goes on until it is done, over any restart.</summary>
    public async Task<Outcome<ImportPage>> StartAsync(Actor by, string handle, string list, long id, CancellationToken ct)
    {
        if (await FindAsync(by, handle, list, id, ct) is not { } import)
        {
            return new NotThere($"import {id}");
        }

        var now = time.GetUtcNow().UtcDateTime;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var started = await db.Set<Import>().Where(i => i.Id == id && i.State == ImportState.Checked).ExecuteUpdateAsync(set =>
            set.SetProperty(i => i.State, ImportState.Running).SetProperty(i => i.StartedAt, now)
                .SetProperty(i => i.Position, 0).SetProperty(i => i.Added, 0).SetProperty(i => i.Known, 0).SetProperty(i => i.Kept, 0).SetProperty(i => i.Refused, 0)
                .SetProperty(i => i.Reasons, "").SetProperty(i => i.ErrorBytes, 0), ct);
        if (started == 0)
        {
            return new InTheWay("Only a file that was counted can be imported, and only once.");
        }

        var member = await db.Set<MailingList>().Where(l => l.Id == import.ListId).Select(l => l.MemberId).SingleAsync(ct);
        audit.Add(by, member, "subscriber.import", list, ("file", null, import.File), ("consent", null, import.Consent));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        desk.Ring();
        return await ShowAsync(by, handle, list, id, ct);
    }

    /// <summary>Stops it where it is. Who was added stays.</summary>
    public async Task<Outcome<ImportPage>> EndAsync(Actor by, string handle, string list, long id, CancellationToken ct)
    {
        if (await FindAsync(by, handle, list, id, ct) is null)
        {
            return new NotThere($"import {id}");
        }

        var now = time.GetUtcNow().UtcDateTime;
        await db.Set<Import>().Where(i => i.Id == id && i.State != ImportState.Done && i.State != ImportState.Failed)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.State, ImportState.Cancelled).SetProperty(i => i.FinishedAt, now), ct);
        folder.ForgetPeople(id);
        return await ShowAsync(by, handle, list, id, ct);
    }

    /// <summary>The bad rows as CSV with line and reason, to mend and import again.</summary>
    public async Task<Outcome<Stream>> ErrorsAsync(Actor by, string handle, string list, long id, CancellationToken ct) =>
        await FindAsync(by, handle, list, id, ct) is not null && File.Exists(folder.ErrorsOf(id)) ? File.OpenRead(folder.ErrorsOf(id)) : new NotThere($"file of bad rows of import {id}");

    private async Task<Outcome<Import>> TakeAsync(Actor by, string handle, string list, Stream csv, string? file, string? consent, ImportState state, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, list, ct) is not { } found)
        {
            return new NotThere($"list {handle}/{list}");
        }

        var source = consent?.Trim() ?? "";
        if (source.Length is < 10 or > 1_000 || source.Any(c => char.IsControl(c) && c is not ('\n' or '\r')))
        {
            return new Refusal("Say in 10 to 1,000 characters where and when these people agreed to get this newsletter.", "consent");
        }

        var spool = folder.PathOf($"{Guid.NewGuid():N}.new");
        await using (var disk = new FileStream(spool, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            await csv.CopyToAsync(disk, ct);
            if (disk.Length > MostBytes)
            {
                File.Delete(spool);
                return new Refusal($"The file has more than {MostBytes / 1024 / 1024} MB. Split it.", "file");
            }

            disk.Flush(flushToDisk: true);
        }

        var now = time.GetUtcNow().UtcDateTime;
        var name = Path.GetFileName(file ?? "people.csv");
        var import = new Import
        {
            ListId = found.Id,
            File = new string([.. name.Where(c => !char.IsControl(c)).Take(120)]),
            Consent = source,
            // The file gets its name after the row has its id; until then nobody may pick it up.
            State = ImportState.Cancelled,
            Bytes = new FileInfo(spool).Length,
            CreatedAt = now,
            StartedAt = state == ImportState.Running ? now : null,
        };
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        db.Add(import);
        await db.SaveChangesAsync(ct);
        File.Move(spool, folder.PeopleOf(import.Id));
        import.State = state;
        if (state == ImportState.Running)
        {
            audit.Add(by, found.MemberId, "subscriber.import", list, ("consent", null, source));
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        if (state == ImportState.Checking)
        {
            desk.Ring();
        }

        return import;
    }

    private async Task<Import?> FindAsync(Actor by, string handle, string list, long id, CancellationToken ct) =>
        await lists.FindAsync(by, handle, list, ct) is { } found ? await db.Set<Import>().AsNoTracking().SingleOrDefaultAsync(i => i.Id == id && i.ListId == found.Id, ct) : null;

    private ImportPage PageOf(Import i, string handle, string list) => new(
        i.Id, handle, list, i.File, i.Consent, i.State, i.Note, i.Bytes, i.Position, i.Added, i.Known, i.Kept, i.Refused, ImportTally.Of(i).Reasons,
        i.Refused > 0 && File.Exists(folder.ErrorsOf(i.Id)), i.CreatedAt, i.StartedAt, i.FinishedAt);

    private List<BadRow> ReadBad(long id)
    {
        const int shown = 100;
        if (!File.Exists(folder.ErrorsOf(id)))
        {
            return [];
        }

        // Line and reason are the last two cells; a reason of ours has a comma only inside quotation marks.
        return [.. File.ReadLines(folder.ErrorsOf(id)).Skip(1).Take(shown).Select(l =>
        {
            var quoted = l.EndsWith('"') ? l.LastIndexOf(",\"", StringComparison.Ordinal) : l.LastIndexOf(',');
            var before = quoted < 0 ? -1 : l.LastIndexOf(',', quoted - 1);
            return quoted < 0 || !long.TryParse(l.AsSpan(before + 1, quoted - before - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var line)
                ? null
                : new BadRow(line, l[(quoted + 1)..].Trim('"'));
        }).OfType<BadRow>()];
    }
}
