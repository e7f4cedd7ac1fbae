using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters.Importing;
using Panel.Services.Newsletters.Segmenting;

namespace Panel.Services.Newsletters;

public sealed record SubscriberPage(long Id, string Email, string Name, SubscriberState State, DateTime? ConsentAt, DateTime JoinedAt, DateTime ChangedAt);

/// <param name="Rows">Lines read, without the heading.</param>
/// <param name="Kept">People who had left, bounced or complained, or are suppressed: they stay as they are (F18).</param>
/// <param name="Bad">The first hundred rows that could not be read, with line and reason.</param>
public sealed record ImportReport(long Rows, long Added, long Known, long Kept, long Refused, IReadOnlyList<BadRow> Bad)
{
    public long Id { get; init; }

    public ImportState State { get; init; }

    /// <summary>Who was not added and why, with counts.</summary>
    public IReadOnlyDictionary<string, long> Reasons { get; init; } = new Dictionary<string, long>();
}

public sealed record BadRow(long Line, string Reason);

/// <summary>The people on a list, for its owner.</summary>
public sealed class Subscribers(PanelDb db, Lists lists, Imports imports, Audiences audiences, AuditTrail audit)
{
    private const int PageSize = 200;

    /// <summary>A page of people in order of id; <paramref name="after"/> is the last id of the page before; of one segment or all.</summary>
    public async Task<Outcome<IReadOnlyList<SubscriberPage>>> ListAsync(
        Actor by, string handle, string name, SubscriberState? state, long? after, CancellationToken ct, long? segment = null)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        if (segment is null)
        {
            return await Rows(Of(list.Id, state).Where(s => after == null || s.Id > after)).Take(PageSize).ToListAsync(ct);
        }

        if (await db.Set<Segment>().AsNoTracking().SingleOrDefaultAsync(s => s.Id == segment && s.ListId == list.Id, ct) is not { } part)
        {
            return new NotThere($"segment {segment}");
        }

        var ids = await audiences.WithinAsync(list, part.Rule, Of(list.Id, state).Where(s => after == null || s.Id > after), ct).Take(PageSize).ToListAsync(ct);
        return await Rows(Of(list.Id, null).Where(s => ids.Contains(s.Id))).ToListAsync(ct);
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
        return Outcome.Of(Rows(Of(list.Id, state)).AsAsyncEnumerable());
    }

    /// <summary>Adds the addresses of a CSV as confirmed, with <paramref name="consent"/> as the stated source (L7), and returns when
    /// it is done. Nobody who left, bounced, complained or is suppressed comes back by it; a crash in the middle is gone on with at
    /// the next start.</summary>
    public Task<Outcome<ImportReport>> ImportAsync(Actor by, string handle, string name, Stream csv, string? consent, CancellationToken ct) =>
        imports.ImportAsync(by, handle, name, csv, consent, ct);

    private IQueryable<Subscriber> Of(long listId, SubscriberState? state) => db.Set<Subscriber>().Where(s => s.ListId == listId && (state == null || s.State == state));

    private static IQueryable<SubscriberPage> Rows(IQueryable<Subscriber> people) => people.AsNoTracking().OrderBy(s => s.Id)
        .Select(s => new SubscriberPage(s.Id, s.Email, s.Name, s.State, s.ConsentAt, s.JoinedAt, s.ChangedAt));
}
