using System.Net;
using System.Threading.RateLimiting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Newsletters;

/// <summary>What a visitor sees of a list.</summary>
public sealed record PublicList(string Handle, string Name, string Title, string Description, string FromName, string ConsentText, string Language);

public sealed record Confirmation(PublicList List, string Email, bool IsConfirmed);

/// <summary>How people come onto a list: always double opt-in, one guard for every form (rules S1-S7), and the same answer
/// whether an address is new, known or suppressed.</summary>
public sealed class SignUps(PanelDb db, HouseKeys keys, ReaderTokens tokens, Letters letters, SignUpBudget budget, TimeProvider time, IOptions<PanelOptions> panel)
{
    private const int PerDay = 3;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan LinkLife = TimeSpan.FromDays(7);

    public async Task<Outcome<PublicList>> ShowAsync(string handle, string name, CancellationToken ct) =>
        await FindAsync(handle, name, ct) is { } found ? found.Page : new NotThere("such list");

    /// <summary>Asks for a confirmation mail. The answer says the same for every address that can be mailed at all.</summary>
    public async Task<Outcome<PublicList>> RequestAsync(string handle, string name, string? email, string form, IPAddress? from, CancellationToken ct)
    {
        if (await FindAsync(handle, name, ct) is not { } found)
        {
            return new NotThere("such list");
        }

        if (EmailAddress.Parse(email) is not { } address)
        {
            return new Refusal("That is not a complete e-mail address. It looks like mira@example.net.", "email");
        }

        if (!budget.Spend(from))
        {
            return new InTheWay("Too many sign-ups came from your network in the last hour. Please try again later.");
        }

        var now = time.GetUtcNow().UtcDateTime;
        var key = address.Key;
        var subscriber = await db.Set<Subscriber>().SingleOrDefaultAsync(s => s.ListId == found.List.Id && s.EmailKey == key, ct);
        var hash = keys.Hash("email", key);
        var blocked = await db.Set<Suppression>().AnyAsync(
            s => s.EmailHash == hash && s.MemberId == found.List.MemberId && (s.ListId == null || s.ListId == found.List.Id) && s.Reason != "left", ct);
        var recent = await db.Set<Letter>().Where(l => l.EmailHash == hash && l.Kind == Letter.Confirm && l.CreatedAt > now - Day).Select(l => l.ListId).ToListAsync(ct);
        if (blocked || subscriber?.State == SubscriberState.Confirmed || recent.Contains(found.List.Id) || recent.Count >= PerDay)
        {
            return found.Page;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (subscriber is null)
        {
            subscriber = new Subscriber
            {
                ListId = found.List.Id,
                Email = address.Typed,
                EmailKey = key,
                Domain = address.Domain,
                State = SubscriberState.Pending,
                JoinedAt = now,
                ChangedAt = now,
            };
            db.Add(subscriber);
            await db.SaveChangesAsync(ct);
        }

        db.Add(new Consent { SubscriberId = subscriber.Id, Form = form, Text = found.List.ConsentText, GivenAt = now });
        var link = new Uri(panel.Value.PublicUri, $"/c/{tokens.Make(TokenPurpose.Confirm, new Reader(found.List.Id, subscriber.Id, 0))}");
        letters.Add(Letter.Confirm, found.List.Id, address, hash, $"Please confirm: {found.List.Title}", ConfirmText(found.List.Title, link));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        letters.Wake();
        return found.Page;
    }

    /// <summary>What the link in a confirmation mail shows; changes nothing, so that link scanners change nothing (S5).</summary>
    public async Task<Outcome<Confirmation>> LookAsync(string token, CancellationToken ct) =>
        await OfAsync(token, ct) is { } found
            ? new Confirmation(found.List, found.Person.Email, found.Person.State == SubscriberState.Confirmed)
            : new NotThere("such link. It may be cut off, or older than seven days");

    /// <summary>Completes a sign-up. A second time is friendly and changes nothing.</summary>
    public async Task<Outcome<Confirmation>> ConfirmAsync(string token, CancellationToken ct)
    {
        if (await OfAsync(token, ct) is not { } found)
        {
            return new NotThere("such link. It may be cut off, or older than seven days");
        }

        if (found.Person.State != SubscriberState.Confirmed)
        {
            var now = time.GetUtcNow().UtcDateTime;
            var hash = keys.Hash("email", found.Person.EmailKey);
            (found.Person.State, found.Person.ConsentAt, found.Person.ChangedAt, found.Consent.ConfirmedAt) = (SubscriberState.Confirmed, now, now, now);
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.Set<Suppression>().Where(s => s.EmailHash == hash && s.ListId == found.Person.ListId && s.Reason == "left").ExecuteDeleteAsync(ct);
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
        }

        return new Confirmation(found.List, found.Person.Email, true);
    }

    private async Task<(Subscriber Person, Consent Consent, PublicList List)?> OfAsync(string token, CancellationToken ct)
    {
        if (tokens.Read(TokenPurpose.Confirm, token) is not { } reader)
        {
            return null;
        }

        var since = time.GetUtcNow().UtcDateTime - LinkLife;
        var person = await db.Set<Subscriber>().SingleOrDefaultAsync(s => s.Id == reader.SubscriberId && s.ListId == reader.ListId, ct);
        var consent = person is null ? null : await db.Set<Consent>()
            .Where(c => c.SubscriberId == person.Id && c.GivenAt > since).OrderByDescending(c => c.Id).FirstOrDefaultAsync(ct);
        var open = consent is not null && (person!.State is SubscriberState.Confirmed || consent.ConfirmedAt is null);
        return open && await PageOfAsync(reader.ListId, ct) is { } list ? (person!, consent!, list) : null;
    }

    private async Task<(MailingList List, PublicList Page)?> FindAsync(string handle, string name, CancellationToken ct)
    {
        var list = await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(
            l => l.Name == name && l.RemovedAt == null && db.Users.Any(m => m.Id == l.MemberId && m.UserName == handle && m.SuspendedAt == null && m.RemovedAt == null), ct);
        return list is null ? null : (list, PageOf(list, handle));
    }

    private async Task<PublicList?> PageOfAsync(long listId, CancellationToken ct)
    {
        var list = await db.Set<MailingList>().AsNoTracking().SingleOrDefaultAsync(l => l.Id == listId && l.RemovedAt == null, ct);
        return list is null ? null : PageOf(list, await db.Users.Where(m => m.Id == list.MemberId).Select(m => m.UserName!).SingleAsync(ct));
    }

    private static PublicList PageOf(MailingList list, string handle) =>
        new(handle, list.Name, list.Title, list.Description, list.FromName, list.ConsentText, list.Language);

    // Only our words, the list's title and the link: nothing that the visitor typed (S2).
    private static string ConfirmText(string title, Uri link) =>
        $"""
        Somebody, hopefully you, asked for the newsletter "{title}" at this address.

        To get it, open this page and press the button there:

        {link}

        If it was not you, do nothing. Without your confirmation you get no newsletter. The link is good for seven days.
        """;
}

/// <summary>How many sign-ups a network may still ask for this hour. Kept in memory: losing it forgives, and harms nobody.</summary>
public sealed class SignUpBudget(IOptions<NewslettersOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<string> limiter = PartitionedRateLimiter.Create<string, string>(network =>
        RateLimitPartition.GetSlidingWindowLimiter(network, _ => new SlidingWindowRateLimiterOptions
        {
            PermitLimit = options.Value.SignUpsPerNetwork,
            Window = TimeSpan.FromHours(1),
            SegmentsPerWindow = 6,
            QueueLimit = 0,
        }));

    public bool Spend(IPAddress? from)
    {
        using var lease = limiter.AttemptAcquire(NetworkOf(from));
        return lease.IsAcquired;
    }

    public void Dispose() => limiter.Dispose();

    private static string NetworkOf(IPAddress? from)
    {
        var bytes = (from?.IsIPv4MappedToIPv6 == true ? from.MapToIPv4() : from)?.GetAddressBytes() ?? [];
        return Convert.ToHexString(bytes.AsSpan(0, bytes.Length == 4 ? 3 : Math.Min(bytes.Length, 6)));
    }
}
