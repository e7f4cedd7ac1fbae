namespace Panel.Bench;

/// <summary>The programs as they are installed: compiled ahead of time by <c>infra/setup</c>, whose folder <c>infra/bench</c> names in PANEL_PROGRAMS.</summary>
internal static class Published
{
    public static string Web { get; } = Environment.GetEnvironmentVariable("PANEL_PROGRAMS") is { Length: > 0 } programs
        ? Path.Combine(programs, "web", "Panel.Web.dll")
        : Path.Combine(AppContext.BaseDirectory, "Panel.Web.dll");
}
