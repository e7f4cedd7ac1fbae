namespace Panel.Bench.Mail;

/// <summary>Looks at a figure twenty times a second and remembers the most.</summary>
internal sealed class Watch : IDisposable
{
    private readonly Timer timer;
    private readonly Func<long> figure;
    private long most;

    public Watch(Func<long> figure)
    {
        this.figure = figure;
        timer = new Timer(_ => Look(), null, 0, 50);
    }

    public double Megabytes
    {
        get
        {
            Look();
            return Interlocked.Read(ref most) / 1e6;
        }
    }

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        var now = figure();
        if (now > Interlocked.Read(ref most))
        {
            Interlocked.Exchange(ref most, now);
        }
    }
}
