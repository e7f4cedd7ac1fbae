namespace Panel.Services.Newsletters.Sending;

/// <summary>Wakes the sender of this process; other nodes see new work at their next look. Many rings are one reason to look.</summary>
public sealed class SenderBell : IDisposable
{
    private readonly SemaphoreSlim rung = new(0, 1);

    public void Ring()
    {
        try
        {
            rung.Release();
        }
        catch (SemaphoreFullException)
        {
            // Rung already and not yet heard.
        }
        catch (ObjectDisposedException)
        {
            // The house is closing.
        }
    }

    public Task WaitAsync(TimeSpan most, CancellationToken ct) => rung.WaitAsync(most, ct);

    public void Dispose() => rung.Dispose();
}
