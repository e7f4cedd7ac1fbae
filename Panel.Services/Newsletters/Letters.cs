using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Mail;

namespace Panel.Services.Newsletters;

/// <summary>The house's own mails. Adding one is part of the caller's transaction; handing over is tried until it is certain,
/// for two days; what may have been delivered (no answer after the final dot) is not repeated.</summary>
public sealed class Letters(PanelDb db, IMailTransport transport, TimeProvider time, LetterBell bell, IOptions<PanelOptions> options)
{
    private const int Batch = 50;
    private static readonly TimeSpan GiveUp = TimeSpan.FromDays(2);

    /// <summary>Longer than any hand-over may take (RFC 5321 §4.5.3.2: ten minutes after the final dot), so that a second node
    /// never takes a letter that the first still holds.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(15);

    public void Add(string kind, long? listId, EmailAddress to, string emailHash, string subject, string text)
    {
        var now = time.GetUtcNow().UtcDateTime;
        db.Add(new Letter { Kind = kind, ListId = listId, Email = to.Typed, EmailHash = emailHash, Subject = subject, Text = text, CreatedAt = now, NextAt = now });
    }

    /// <summary>Tells the carrier that there is something to do; call it after the commit.</summary>
    public void Wake() => bell.Ring();

    /// <summary>Hands over everything that is due. Safe to run twice and on two nodes: each letter is claimed by moving its
    /// next time on before it is touched.</summary>
    public async Task<int> CarryAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var due = await db.Set<Letter>().AsNoTracking().Where(l => l.SentAt == null && l.FailedAt == null && l.NextAt <= now).OrderBy(l => l.NextAt).Take(Batch).ToListAsync(ct);
        if (due.Count == 0)
        {
            return 0;
        }

        var opening = await transport.OpenAsync(ct);
        await using var connection = opening.Connection;
        foreach (var letter in due)
        {
            var claimed = await db.Set<Letter>().Where(l => l.Id == letter.Id && l.NextAt == letter.NextAt && l.SentAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.NextAt, now + Lease).SetProperty(l => l.Tries, l => l.Tries + 1), ct);
            if (claimed == 1)
            {
                var reply = connection is { IsOpen: true } ? await SendAsync(connection, letter, ct) : connection is null ? opening.Reply : MailReply.Own(MailResult.NotSent, "The connection was closed.");
                await NoteAsync(letter, reply, ct);
            }
        }

        return due.Count;
    }

    private async Task<MailReply> SendAsync(IMailConnection connection, Letter letter, CancellationToken ct)
    {
        // Without a list it is the house that writes.
        var list = letter.ListId is null ? null : await db.Set<MailingList>().AsNoTracking().SingleAsync(l => l.Id == letter.ListId, ct);
        var from = list?.FromEmail ?? $"panel@{options.Value.PublicUri.Host}";
        var message = LetterMessage.Build(letter, list?.FromName ?? "Panel", from);
        return await connection.SendAsync(from, letter.Email, message, _ => Task.FromResult(true), ct);
    }

    private async Task NoteAsync(Letter letter, MailReply reply, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        (DateTime? sent, DateTime? failed) = reply.Result switch
        {
            MailResult.Accepted => ((DateTime?)now, (DateTime?)null),
            MailResult.RecipientRefused or MailResult.Unknown => (null, now),
            _ => (null, now - letter.CreatedAt > GiveUp ? (DateTime?)now : null),
        };
        var next = now + TimeSpan.FromMinutes(Math.Min(60, 1 << Math.Min(letter.Tries, 6)));
        var words = $"{reply.Code} {reply.Words}".Trim();
        await db.Set<Letter>().Where(l => l.Id == letter.Id).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.SentAt, sent).SetProperty(l => l.FailedAt, failed).SetProperty(l => l.NextAt, next).SetProperty(l => l.Reply, words), ct);
    }
}

/// <summary>Wakes the carrier of this process at once; other nodes see the letter at their next look.</summary>
public sealed class LetterBell : IDisposable
{
    private readonly SemaphoreSlim rung = new(0);

    public void Ring() => rung.Release();

    public async Task WaitAsync(TimeSpan most, CancellationToken ct)
    {
        await rung.WaitAsync(most, ct);
        while (rung.Wait(0, CancellationToken.None))
        {
            // Several rings are one reason to look.
        }
    }

    public void Dispose() => rung.Dispose();
}

/// <summary>Carries letters for as long as the program runs; a broken pass is logged and tried again.</summary>
internal sealed partial class LetterCarrier(IServiceScopeFactory scopes, LetterBell bell, ILogger<LetterCarrier> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                while (await scope.ServiceProvider.GetRequiredService<Letters>().CarryAsync(stoppingToken) > 0)
                {
                    // Until nothing is due.
                }
            }
            catch (Exception broken) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever a database or a relay that went away throws: a carrier that ends would take the whole house down with it.
                Failed(log, broken);
            }

            await bell.WaitAsync(Look, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Error, "Letters could not be carried; tried again in 15 s")]
    private static partial void Failed(ILogger log, Exception broken);
}
