using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Newsletters;

/// <summary>What time does to readers: pauses end, unconfirmed sign-ups and old house letters go (rules S6, L5). Safe late, twice,
/// and on two nodes at once.</summary>
public sealed class ReaderCare(PanelDb db, Tracking.Tracks tracks, TimeProvider time)
{
    private static readonly TimeSpan Unconfirmed = TimeSpan.FromDays(30);
    private static readonly TimeSpan OldLetter = TimeSpan.FromDays(30);

    /// <summary>Ends pauses whose day has come; returns how many.</summary>
    public Task<int> WakeAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return db.Set<Subscriber>().Where(s => s.PausedUntil != null && s.PausedUntil <= now && s.State == SubscriberState.Paused).ExecuteUpdateAsync(
            set => set.SetProperty(s => s.State, SubscriberState.Confirmed).SetProperty(s => s.PausedUntil, (DateTime?)null).SetProperty(s => s.ChangedAt, now), ct);
    }

    /// <summary>Deletes what was never confirmed, and what needs no longer be known; returns how many people.</summary>
    public async Task<int> TidyAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (limit, letters, marks) = (now - Unconfirmed, now - OldLetter, now - SignUpFloods.Usual);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var gone = db.Set<Subscriber>().Where(s => s.State == SubscriberState.Pending && s.JoinedAt < limit && s.ConsentAt == null
            && !db.Set<Consent>().Any(c => c.SubscriberId == s.Id && c.GivenAt >= limit));
        await db.Set<Consent>().Where(c => gone.Any(s => s.Id == c.SubscriberId)).ExecuteDeleteAsync(ct);
        var people = await db.Set<Subscriber>().Where(s => s.State == SubscriberState.Pending && s.JoinedAt < limit && s.ConsentAt == null
            && !db.Set<Consent>().Any(c => c.SubscriberId == s.Id)).ExecuteDeleteAsync(ct);
        await db.Set<Letter>().Where(l => l.CreatedAt < letters && (l.SentAt != null || l.FailedAt != null)).ExecuteDeleteAsync(ct);
        await tracks.ForgetAsync(ct);
        await db.Set<SignUpMark>().Where(m => m.At < marks).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        return people;
    }
}
