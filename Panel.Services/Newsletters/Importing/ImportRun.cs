using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Importing;

/// <summary>Reads one file to its end, or from where a crash left it: counts only, or for good. Never holds more of it in memory
/// than a chunk.</summary>
public sealed partial class ImportRun(IServiceScopeFactory scopes, HouseKeys keys, ImportFolder folder, ImportDesk desk, TimeProvider time, ILogger<ImportRun> log)
{
    /// <summary>Up to here the fingerprints of addresses seen in this file are held (11 to 21 bytes each); beyond, the database alone tells who comes twice.</summary>
    private const int Remembered = 4_000_000;

    /// <summary>Runs the import if nobody else does. Safe to call twice and on two nodes at once.</summary>
    public async Task<bool> RunAsync(long id, CancellationToken ct)
    {
        if (!desk.Begin(id))
        {
            return false;
        }

        try
        {
            return await ClaimAsync(id, ct) is { } claimed && await Task.Run(() => WorkAsync(claimed.Import, claimed.List, ct), ct);
        }
        finally
        {
            desk.End(id);
        }
    }

    private async Task<(Import Import, MailingList List)?> ClaimAsync(long id, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var now = time.GetUtcNow().UtcDateTime;
        var (silent, alone) = (now - ImportDesk.Silence, !db.IsPostgres);
        var held = await db.Set<Import>().Where(i => i.Id == id).Select(i => i.Node).SingleOrDefaultAsync(ct);
        var gone = held is not null && ImportDesk.IsGone(held) ? held : null;
        var claimed = await db.Set<Import>().Where(i => i.Id == id && (i.State == ImportState.Checking || i.State == ImportState.Running))
            .Where(i => i.Node == null || i.Node == desk.Node || i.Node == gone || alone || i.SeenAt < silent)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.Node, desk.Node).SetProperty(i => i.SeenAt, now), ct);
        if (claimed == 0)
        {
            return null;
        }

        var import = await db.Set<Import>().AsNoTracking().SingleAsync(i => i.Id == id, ct);
        return (import, await db.Set<MailingList>().AsNoTracking().SingleAsync(l => l.Id == import.ListId, ct));
    }

    private async Task<bool> WorkAsync(Import import, MailingList list, CancellationToken ct)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            using var store = ImportStore.Open(scope.ServiceProvider.GetRequiredService<PanelDb>());
            using var opened = new ImportReading(folder, import, list.FieldNames);
            if (opened.Refused is { } no)
            {
                await EndAsync(import, list, ImportState.Failed, no, ct);
                return true;
            }

            var target = new ImportTarget(import.Id, list.Id, list.MemberId, desk.Node);
            if (!Read(opened, store, target, import.State == ImportState.Checking, ct))
            {
                return false;
            }

            await EndAsync(import, list, import.State == ImportState.Checking ? ImportState.Checked : ImportState.Done, null, ct);
            return true;
        }
        catch (Exception broken) when (broken is IOException or UnauthorizedAccessException)
        {
            Broke(log, import.Id, broken);
            await EndAsync(import, list, ImportState.Failed, "The file could not be read on this machine. What was added before stays; import it again for the rest.", ct);
            return true;
        }
    }

    private bool Read(ImportReading reading, ImportStore store, ImportTarget target, bool checking, CancellationToken ct)
    {
        var key = keys.KeyFor("email");
        var (tally, seen, chunk) = (reading.Tally, new Fingerprints(), new List<ImportedPerson>(store.Chunk));
        var (skip, number) = (tally.Position, 0L);
        bool Flush()
        {
            tally.ErrorBytes = reading.FlushErrors();
            var now = time.GetUtcNow().UtcDateTime;
            var kept = !ct.IsCancellationRequested && (checking ? store.Check(target, chunk, tally, now) : store.Add(target, chunk, tally, now));
            chunk.Clear();
            return kept;
        }

        foreach (var row in reading.Rows())
        {
            var again = number++ < skip;
            if (row.Address is not { } address)
            {
                if (!again)
                {
                    tally.Refuse(row.Refused!);
                    reading.Bad(row);
                }
            }
            else
            {
                var emailKey = address.Key;
                var hash = ImportStore.HashOf(key, emailKey);
                var first = seen.Count >= Remembered || seen.Add(ulong.Parse(hash.AsSpan(0, 16), System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture));
                if (!again && first)
                {
                    chunk.Add(new ImportedPerson(address, emailKey, hash, row.Name, row.Fields));
                }
                else if (!again)
                {
                    tally.Stay(ImportTally.Twice, 1);
                }
            }

            if (!again)
            {
                tally.Position++;
                if (chunk.Count >= store.Chunk && !Flush())
                {
                    return false;
                }
            }
        }

        return Flush();
    }

    private async Task EndAsync(Import import, MailingList list, ImportState state, string? note, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var now = time.GetUtcNow().UtcDateTime;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var ended = await db.Set<Import>().Where(i => i.Id == import.Id && i.Node == desk.Node && i.State == import.State).ExecuteUpdateAsync(set =>
            set.SetProperty(i => i.State, state).SetProperty(i => i.Note, note).SetProperty(i => i.FinishedAt, state == ImportState.Checked ? null : now).SetProperty(i => i.Node, (string?)null), ct);
        if (ended == 1 && state == ImportState.Done)
        {
            var added = await db.Set<Import>().Where(i => i.Id == import.Id).Select(i => i.Added).SingleAsync(ct);
            scope.ServiceProvider.GetRequiredService<AuditTrail>().Add(
                Actor.Job, list.MemberId, "subscriber.imported", list.Name, ("added", null, added.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            await db.SaveChangesAsync(ct);
        }

        await transaction.CommitAsync(ct);
        if (state == ImportState.Done)
        {
            folder.ForgetPeople(import.Id);
        }
    }

    [LoggerMessage(LogLevel.Error, "Import {Id} could not be read")]
    private static partial void Broke(ILogger log, long id, Exception why);
}
