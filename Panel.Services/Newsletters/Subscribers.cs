using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

public sealed record SubscriberPage(long Id, string Email, string Name, SubscriberState State, DateTime? ConsentAt, DateTime JoinedAt, DateTime ChangedAt);

/// <param name="Rows">Lines read, without the heading.</param>
/// <param name="Kept">People who had left, bounced or complained, or are suppressed: they stay as they are (F18).</param>
/// <param name="Bad">The first hundred rows that could not be read, with line and reason.</param>
public sealed record ImportReport(int Rows, int Added, int Known, int Kept, int Refused, IReadOnlyList<BadRow> Bad);

public sealed record BadRow(long Line, string Reason);

/// <summary>The people on a list, for its owner.</summary>
public sealed class Subscribers(PanelDb db, Lists lists, HouseKeys keys, AuditTrail audit, TimeProvider time)
{
    private const int PageSize = 200;
    private const int Batch = 1_000;
    private const int ShownBad = 100;

    /// <summary>A page of people in order of id; <paramref name="after"/> is the last id of the page before.</summary>
    public async Task<Outcome<IReadOnlyList<SubscriberPage>>> ListAsync(
        Actor by, string handle, string name, SubscriberState? state, long? after, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        return await Rows(list.Id, state).Where(s => after == null || s.Id > after).Take(PageSize).ToListAsync(ct);
    }

    /// <summary>Everybody, streamed, for the owner to take away.</summary>
    public async Task<Outcome<IAsyncEnumerable<SubscriberPage>>> ExportAsync(Actor by, string handle, string name, SubscriberState? state, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        audit.Add(by, list.MemberId, "subscriber.export", name);
        await db.SaveChangesAsync(ct);
        return Outcome.Of(Rows(list.Id, state).AsAsyncEnumerable());
    }

    /// <summary>Adds the addresses of a CSV as confirmed, with <paramref name="consent"/> as the stated source (L7). All or
    /// nothing; nobody who left, bounced, complained or is suppressed comes back by it.</summary>
    public async Task<Outcome<ImportReport>> ImportAsync(Actor by, string handle, string name, Stream csv, string? consent, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        var source = consent?.Trim() ?? "";
        if (source.Length is < 10 or > 1_000 || source.Any(c => char.IsControl(c) && c != '\n'))
        {
            return new Refusal("Say in 10 to 1,000 characters where and when these people agreed to get this newsletter.", "consent");
        }

        using var rows = SubscriberCsv.Open(csv, out var unreadable);
        if (rows is null)
        {
            return unreadable!;
        }

        var now = time.GetUtcNow().UtcDateTime;
        var tally = new Tally();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        foreach (var batch in rows.Read(tally.Refuse).Chunk(Batch))
        {
            await AddAsync(list, batch, source, now, tally, ct);
        }

        audit.Add(by, list.MemberId, "subscriber.import", name, ("added", null, tally.Added.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("consent", null, source));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return new ImportReport(tally.Added + tally.Known + tally.Kept + tally.Refused, tally.Added, tally.Known, tally.Kept, tally.Refused, tally.Bad);
    }

    private async Task AddAsync(MailingList list, CsvPerson[] batch, string source, DateTime now, Tally tally, CancellationToken ct)
    {
        var people = batch.DistinctBy(p => p.Address.Key).ToDictionary(p => p.Address.Key);
        tally.Known += batch.Length - people.Count;
        var hashes = people.Keys.ToDictionary(k => keys.Hash("email", k), k => k);
        var known = await db.Set<Subscriber>().AsNoTracking().Where(s => s.ListId == list.Id && people.Keys.Contains(s.EmailKey))
            .Select(s => new { s.EmailKey, s.State }).ToDictionaryAsync(s => s.EmailKey, s => s.State, ct);
        var blocked = await db.Set<Suppression>().AsNoTracking()
            .Where(s => s.MemberId == list.MemberId && (s.ListId == null || s.ListId == list.Id) && hashes.Keys.Contains(s.EmailHash)).Select(s => s.EmailHash).ToListAsync(ct);
        var never = blocked.Select(h => hashes[h]).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, person) in people)
        {
            if (known.TryGetValue(key, out var state))
            {
                (tally.Known, tally.Kept) = state is SubscriberState.Confirmed or SubscriberState.Pending ? (tally.Known + 1, tally.Kept) : (tally.Known, tally.Kept + 1);
            }
            else if (never.Contains(key))
            {
                tally.Kept++;
            }
            else
            {
                tally.Added++;
                db.Add(new Subscriber
                {
                    ListId = list.Id,
                    Email = person.Address.Typed,
                    EmailKey = key,
                    Domain = person.Address.Domain,
                    Name = person.Name,
                    State = SubscriberState.Confirmed,
                    JoinedAt = now,
                    ConsentAt = now,
                    ChangedAt = now,
                });
            }
        }

        await db.SaveChangesAsync(ct);
        foreach (var added in db.ChangeTracker.Entries<Subscriber>().ToList())
        {
            db.Add(new Consent { SubscriberId = added.Entity.Id, Form = "import", Text = source, GivenAt = now, ConfirmedAt = now });
        }

        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
    }

    private IQueryable<SubscriberPage> Rows(long listId, SubscriberState? state) =>
        db.Set<Subscriber>().AsNoTracking().Where(s => s.ListId == listId && (state == null || s.State == state)).OrderBy(s => s.Id)
            .Select(s => new SubscriberPage(s.Id, s.Email, s.Name, s.State, s.ConsentAt, s.JoinedAt, s.ChangedAt));

    private sealed class Tally
    {
        public int Added { get; set; }

        public int Known { get; set; }

        public int Kept { get; set; }

        public int Refused { get; private set; }

        public List<BadRow> Bad { get; } = [];

        public void Refuse(long line, string reason)
        {
            Refused++;
            if (Bad.Count < ShownBad)
            {
                Bad.Add(new BadRow(line, reason));
            }
        }
    }
}
