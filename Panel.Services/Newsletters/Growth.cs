using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <param name="Readers">How many got mail at the end of this day, as far as today's rows can tell.</param>
public sealed record GrowthDay(DateOnly Day, int Came, int Left, int Readers);

/// <param name="ByForm">Consents by the form they came through.</param>
public sealed record GrowthPage(string List, IReadOnlyList<GrowthDay> Days, IReadOnlyDictionary<string, int> ByForm);

/// <summary>How a list grew, and how its people agreed.</summary>
public sealed class Growth(PanelDb db, Lists lists, TimeProvider time)
{
    private const int Shown = 90;

    public async Task<Outcome<GrowthPage>> ShowAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        var since = time.GetUtcNow().UtcDateTime.Date.AddDays(1 - Shown);
        var people = db.Set<Subscriber>().AsNoTracking().Where(s => s.ListId == list.Id);
        var came = await people.Where(s => s.ConsentAt >= since).GroupBy(s => s.ConsentAt!.Value.Date).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);
        var gone = await people.Where(s => s.ConsentAt != null && s.ChangedAt >= since && s.State != SubscriberState.Confirmed && s.State != SubscriberState.Paused)
            .GroupBy(s => s.ChangedAt.Date).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);
        var readers = await people.CountAsync(s => s.State == SubscriberState.Confirmed || s.State == SubscriberState.Paused, ct);
        var days = new List<GrowthDay>();
        for (var back = 0; back < Shown; back++)
        {
            var day = since.AddDays(Shown - 1 - back);
            days.Add(new GrowthDay(DateOnly.FromDateTime(day), came.GetValueOrDefault(day), gone.GetValueOrDefault(day), readers));
            readers += gone.GetValueOrDefault(day) - came.GetValueOrDefault(day);
        }

        days.Reverse();
        var forms = await db.Set<Consent>().Where(c => c.ConfirmedAt != null && c.Form != Preferences.TrackingForm && people.Any(s => s.Id == c.SubscriberId)).GroupBy(c => c.Form).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);
        var byFile = await people.CountAsync(s => s.ImportId != null, ct);
        forms["import"] = forms.GetValueOrDefault("import") + byFile;
        return new GrowthPage(name, days, forms.Where(f => f.Value > 0).ToDictionary());
    }
}
