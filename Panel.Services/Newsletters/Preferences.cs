using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Localization;

namespace Panel.Services.Newsletters;

public sealed record ReaderField(string Name, string Value);

/// <summary>What a reader sees and may change of themselves on one list.</summary>
public sealed record ReaderPage(
    string Title, string FromName, string Language, string Email, string Name, SubscriberState State, DateTime? PausedUntil, IReadOnlyList<ReaderField> Fields, string LeaveToken)
{
    /// <summary>Null where the list does not ask; else since when this reader lets opens and clicks be counted, or never.</summary>
    public ReaderTracking? Tracking { get; init; }
}

/// <param name="Since">Null: nothing is counted.</param>
public sealed record ReaderTracking(DateTime? Since);

public sealed record ReaderChange(string? Name, IReadOnlyDictionary<string, string>? Fields);

/// <summary>Preferences of a reader, by a token of their own and nothing else. It opens neither what is kept about them nor
/// its erasure: for those a link goes to their mailbox (rule V13).</summary>
public sealed class Preferences(PanelDb db, HouseKeys keys, ReaderTokens tokens, Letters letters, TimeProvider time, IOptions<PanelOptions> panel)
{
    /// <summary>The form of a consent to being counted.</summary>
    public const string TrackingForm = "tracking";

    /// <summary>What a reader says yes to.</summary>
    public static readonly string TrackingWords = Phrases.Key(
        "The sender may see whether I open an issue and which of its links I follow. It is deleted after 90 days, and at once when I change my mind.");

    private const int Longest = 100;

    /// <summary>Longer than this, leaving is the honest word.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(366);

    public async Task<Outcome<ReaderPage>> LookAsync(string token, CancellationToken ct) =>
        await OfAsync(token, ct) is { } found ? PageOf(found.Person, found.List) : Unknown;

    public async Task<Outcome<ReaderPage>> ChangeAsync(string token, ReaderChange change, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        var words = Phrases.In(found.List.Language);
        var fields = SubscriberFields.Read(found.Person.Fields);
        foreach (var name in found.List.FieldNames.Where(n => change.Fields?.ContainsKey(n) == true))
        {
            fields[name] = change.Fields![name].Trim();
        }

        var called = change.Name?.Trim() ?? found.Person.Name;
        if (called.Length > Longest || called.Any(char.IsControl) || fields.Values.Any(v => v.Length > Longest || v.Any(char.IsControl)))
        {
            return new Refusal(words["At most {0} characters in one line, please.", Longest], "name");
        }

        (found.Person.Name, found.Person.Fields) = (called, SubscriberFields.Write(fields));
        await db.SaveChangesAsync(ct);
        return PageOf(found.Person, found.List);
    }

    /// <summary>No mail until <paramref name="until"/> (UTC midnight); then it comes again by itself.</summary>
    public async Task<Outcome<ReaderPage>> PauseAsync(string token, DateOnly? until, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        var words = Phrases.In(found.List.Language);
        var now = time.GetUtcNow().UtcDateTime;
        var end = until?.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        if (end is null || end <= now || end > now + LongestPause)
        {
            return new Refusal(words["Choose a day after today and within a year."], "until");
        }

        if (found.Person.State is not (SubscriberState.Confirmed or SubscriberState.Paused))
        {
            return new InTheWay(words["This address does not get the newsletter, so there is nothing to pause."]);
        }

        (found.Person.State, found.Person.PausedUntil, found.Person.ChangedAt) = (SubscriberState.Paused, end, now);
        await db.SaveChangesAsync(ct);
        return PageOf(found.Person, found.List);
    }

    public async Task<Outcome<ReaderPage>> ResumeAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        if (found.Person.State == SubscriberState.Paused)
        {
            (found.Person.State, found.Person.PausedUntil, found.Person.ChangedAt) = (SubscriberState.Confirmed, null, time.GetUtcNow().UtcDateTime);
            await db.SaveChangesAsync(ct);
        }

        return PageOf(found.Person, found.List);
    }

    /// <summary>Says yes or no to having one's own opens and clicks counted (rule L6). A yes is kept as a consent with its words; a no
    /// deletes what was counted.</summary>
    public async Task<Outcome<ReaderPage>> TrackAsync(string token, bool yes, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return Unknown;
        }

        var (person, list) = found;
        if (yes == person.TrackedAt is not null || (yes && (list.TrackingOfferedAt is null || person.State is not (SubscriberState.Confirmed or SubscriberState.Paused))))
        {
            return PageOf(person, list);
        }

        var now = time.GetUtcNow().UtcDateTime;
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        person.TrackedAt = yes ? now : null;
        if (yes)
        {
            db.Add(new Consent { SubscriberId = person.Id, Form = TrackingForm, Text = Phrases.In(list.Language)[TrackingWords], GivenAt = now, ConfirmedAt = now });
        }
        else
        {
            await Tracking.Tracks.ForgetAsync(db, person.Id, ct);
        }

        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return PageOf(person, list);
    }

    /// <summary>Sends a link to the address itself that opens and erases what is kept; at most one a day.</summary>
    public async Task<Outcome<ReaderPage>> AskCopyAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found || EmailAddress.Parse(found.Person.Email) is not { } address)
        {
            return Unknown;
        }

        var (now, hash) = (time.GetUtcNow().UtcDateTime, keys.Hash("email", found.Person.EmailKey));
        if (!await db.Set<Letter>().AnyAsync(l => l.EmailHash == hash && l.Kind == Letter.Copy && l.ListId == found.List.Id && l.CreatedAt > now.AddDays(-1), ct))
        {
            var link = new Uri(panel.Value.PublicUri, $"/x/{tokens.Make(TokenPurpose.Export, new Reader(found.List.Id, found.Person.Id, PersonalCopies.DayOf(now)))}");
            var (subject, text) = ReaderLetters.Copy(found.List, link);
            letters.Add(Letter.Copy, found.List.Id, address, hash, subject, text);
            await db.SaveChangesAsync(ct);
            letters.Wake();
        }

        return PageOf(found.Person, found.List);
    }

    private static NotThere Unknown => new("such link. Open it again from the mail: every letter of it counts");

    private async Task<(Subscriber Person, MailingList List)?> OfAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Preferences, token) is not { } reader)
        {
            return null;
        }

        var person = await db.Set<Subscriber>().SingleOrDefaultAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId, ct);
        var list = person is null ? null : await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(l => l.Id == person.ListId && l.RemovedAt == null, ct);
        return list is null ? null : (person!, list);
    }

    private ReaderPage PageOf(Subscriber person, MailingList list)
    {
        var fields = SubscriberFields.Read(person.Fields);
        return new ReaderPage(
            list.Title, list.FromName, list.Language, person.Email, person.Name, person.State, person.PausedUntil,
            [.. list.FieldNames.Select(f => new ReaderField(f, fields.GetValueOrDefault(f, "")))],
            tokens.Make(TokenPurpose.Leave, new Reader(list.Id, person.Id, 0)))
        {
            Tracking = list.TrackingOfferedAt is null && person.TrackedAt is null ? null : new ReaderTracking(person.TrackedAt),
        };
    }
}

/// <summary>What a list keeps about a person beside the name: a JSON object of strings in one column.</summary>
internal static class SubscriberFields
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Dictionary<string, string> Read(string json) =>
        json.Length == 0 ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? [];

    public static string Write(Dictionary<string, string> fields)
    {
        var kept = fields.Where(f => f.Value.Length > 0).ToDictionary(f => f.Key, f => f.Value);
        return kept.Count == 0 ? "" : JsonSerializer.Serialize(kept, Plain);
    }
}
