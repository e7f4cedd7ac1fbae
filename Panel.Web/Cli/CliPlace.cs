namespace Panel.Web.Cli;

/// <summary>Where a command speaks and whom it asks: the terminal and the house of the environment, or what a test puts there for itself.</summary>
/// <param name="IsTerminal">Somebody looks at what goes to <paramref name="Out"/>; else it is kept in a file or read by a program.</param>
/// <param name="Open">Null: the house that the environment names.</param>
internal sealed record CliPlace(TextWriter Out, TextWriter Error, bool IsTerminal, Func<HttpClient>? Open = null)
{
    private static readonly AsyncLocal<CliPlace?> Own = new();

    public static CliPlace Now
    {
        get => Own.Value ?? new(Console.Out, Console.Error, !Console.IsOutputRedirected);
        set => Own.Value = value;
    }
}
