using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Segmenting;

/// <param name="People">Confirmed people it holds for now.</param>
/// <param name="Words">The rule in words.</param>
public sealed record SegmentPage(long Id, string Name, SegmentRule Rule, string Words, int People, DateTime ChangedAt);

/// <summary>Named parts of a member's list: for an issue's recipients and for looking at people.</summary>
public sealed class Segments(PanelDb db, Lists lists, Audiences audiences, AuditTrail audit, TimeProvider time)
{
    private const int MostPerList = 50;
    private const int LongestName = 60;

    public async Task<Outcome<IReadOnlyList<SegmentPage>>> ListAsync(Actor by, string handle, string list, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, list, ct) is not { } found)
        {
            return new NotThere($"list {handle}/{list}");
        }

        var pages = new List<SegmentPage>();
        foreach (var segment in await db.Set<Segment>().AsNoTracking().Where(s => s.ListId == found.Id).OrderBy(s => s.Name).ToListAsync(ct))
        {
            pages.Add(await PageOfAsync(segment, found, ct));
        }

        return pages;
    }

    public async Task<Outcome<SegmentPage>> ShowAsync(Actor by, string handle, string list, long id, CancellationToken ct) =>
        await FindAsync(by, handle, list, id, ct) is { } found ? await PageOfAsync(found.Segment, found.List, ct) : new NotThere($"segment {id}");

    public async Task<Outcome<SegmentPage>> AddAsync(Actor by, string handle, string list, string? name, SegmentRule rule, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, list, ct) is not { } found)
        {
            return new NotThere($"list {handle}/{list}");
        }

        if (await CheckAsync(found, null, name, rule, ct) is { } no)
        {
            return no;
        }

        if (await db.Set<Segment>().CountAsync(s => s.ListId == found.Id, ct) >= MostPerList)
        {
            return new InTheWay($"The list has {MostPerList} segments; that is the limit.");
        }

        var now = time.GetUtcNow().UtcDateTime;
        var segment = new Segment { ListId = found.Id, Name = name!.Trim(), Rule = rule.Write(), CreatedAt = now, ChangedAt = now };
        db.Add(segment);
        audit.Add(by, found.MemberId, "segment.add", $"{list}: {segment.Name}", ("rule", null, rule.Words));
        await db.SaveChangesAsync(ct);
        return await PageOfAsync(segment, found, ct);
    }

    /// <summary>Changes a segment; drafts for it follow, what was sent off keeps the people it was counted for.</summary>
    public async Task<Outcome<SegmentPage>> UpdateAsync(Actor by, string handle, string list, long id, string? name, SegmentRule rule, CancellationToken ct)
    {
        if (await FindAsync(by, handle, list, id, ct) is not { } found)
        {
            return new NotThere($"segment {id}");
        }

        if (await CheckAsync(found.List, id, name, rule, ct) is { } no)
        {
            return no;
        }

        var (segment, was, written) = (found.Segment, found.Segment.Name, rule.Write());
        audit.Add(by, found.List.MemberId, "segment.update", $"{list}: {was}", ("name", was, name), ("rule", Words(segment.Rule), rule.Words));
        (segment.Name, segment.Rule, segment.ChangedAt) = (name!.Trim(), written, time.GetUtcNow().UtcDateTime);
        var renamed = segment.Name;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        await db.Set<Issue>().Where(i => i.ListId == found.List.Id && i.State == IssueState.Draft && i.AudienceName == was)
            .ExecuteUpdateAsync(set => set.SetProperty(i => i.Audience, written).SetProperty(i => i.AudienceName, renamed), ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return await PageOfAsync(segment, found.List, ct);
    }

    /// <summary>Removes the name. Issues for it keep the rule they were given.</summary>
    public async Task<Outcome<Done>> RemoveAsync(Actor by, string handle, string list, long id, CancellationToken ct)
    {
        if (await FindAsync(by, handle, list, id, ct) is not { } found)
        {
            return new NotThere($"segment {id}");
        }

        db.Remove(found.Segment);
        audit.Add(by, found.List.MemberId, "segment.remove", $"{list}: {found.Segment.Name}", ("rule", Words(found.Segment.Rule), null));
        await db.SaveChangesAsync(ct);
        return Done.It;
    }

    /// <summary>How many the rule holds for now, without keeping it.</summary>
    public async Task<Outcome<int>> CountAsync(Actor by, string handle, string list, SegmentRule rule, CancellationToken ct) =>
        await lists.FindAsync(by, handle, list, ct) is not { } found ? new NotThere($"list {handle}/{list}")
        : rule.Check(found.FieldNames) is { } no ? no
        : await audiences.PeopleAsync(found, rule.Write(), ct);

    internal static string Words(string rule) => rule.Length == 0 ? "" : SegmentRule.Read(rule).Value?.Words ?? "";

    private async Task<(Segment Segment, MailingList List)?> FindAsync(Actor by, string handle, string list, long id, CancellationToken ct) =>
        await lists.FindAsync(by, handle, list, ct) is { } found && await db.Set<Segment>().SingleOrDefaultAsync(s => s.Id == id && s.ListId == found.Id, ct) is { } segment
            ? (segment, found)
            : null;

    private async Task<Refusal?> CheckAsync(MailingList list, long? self, string? name, SegmentRule rule, CancellationToken ct)
    {
        var called = name?.Trim() ?? "";
        return called.Length is 0 or > LongestName || called.Any(char.IsControl) ? new Refusal($"Give the segment a name of 1 to {LongestName} characters.", "name")
            : rule.Check(list.FieldNames) is { } no ? no
            : await db.Set<Segment>().AnyAsync(s => s.ListId == list.Id && s.Name == called && s.Id != self, ct) ? new Refusal($"There is a segment {called} already.", "name")
            : null;
    }

    private async Task<SegmentPage> PageOfAsync(Segment segment, MailingList list, CancellationToken ct)
    {
        var rule = SegmentRule.Read(segment.Rule).Value ?? new AnyOf([]);
        return new SegmentPage(segment.Id, segment.Name, rule, rule.Words, await audiences.PeopleAsync(list, segment.Rule, ct), segment.ChangedAt);
    }
}
