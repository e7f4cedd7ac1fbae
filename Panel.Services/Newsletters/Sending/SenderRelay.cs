using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Sending;

/// <summary>Opens connections for all workers of a node. A relay that cannot be reached is asked again after 1, 2, 4 ... 60
/// seconds by one worker at a time, and the issue says so meanwhile.</summary>
internal sealed class SenderRelay(IMailTransport transport, Ledger ledger, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private readonly SemaphoreSlim door = new(1);
    private TimeSpan wait = TimeSpan.Zero;
    private bool noted;

    public async Task<MailOpening> OpenAsync(long issue, CancellationToken ct)
    {
        try
        {
            await door.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return new MailOpening(null, MailReply.Own(MailResult.NotSent, "The sending was stopped."));
        }

        try
        {
            await Task.Delay(wait, time, ct);
            var opening = await transport.OpenAsync(ct);
            await TakeNoteAsync(issue, opening);
            return opening;
        }
        catch (OperationCanceledException)
        {
            return new MailOpening(null, MailReply.Own(MailResult.NotSent, "The sending was stopped."));
        }
        finally
        {
            door.Release();
        }
    }

    public void Dispose() => door.Dispose();

    private async Task TakeNoteAsync(long issue, MailOpening opening)
    {
        if (opening.Connection is not null)
        {
            wait = TimeSpan.Zero;
            if (noted)
            {
                noted = false;
                await ledger.RunAsync(store => store.Note(issue, null));
            }

            return;
        }

        wait = opening.Reply.Result == MailResult.OurFault ? TimeSpan.Zero : wait == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : wait * 2 < LongestWait ? wait * 2 : LongestWait;
        noted = true;
        await ledger.RunAsync(store => store.Note(issue, $"The mail relay does not take mail now: {opening.Reply.Words}"));
    }
}
