using Panel.Services.Audit;
using Panel.Services.Hosting;
using Panel.Services.Newsletters;

namespace Panel.Web.Home;

/// <summary>One thing that waits for the member, and where it is settled.</summary>
public sealed record Need(string Title, string Why, string Href, string Link);

/// <summary>What <c>finger handle@host</c> answers at this moment, its first lines only.</summary>
public sealed record FingerCell(string State, string Words, string Command, string FirstLines, DateTime? WrittenAt, string? Why = null);

/// <summary>A list and the issue that matters now: the one that waits or goes out, else the last that was sent.</summary>
public sealed record ListCell(ListPage List, IssuePage? Issue);

public sealed record HomePage(
    string Greeting, string Handle, IReadOnlyList<Need> Needs, IReadOnlyList<SitePage> Sites, IReadOnlyList<ListCell> Lists,
    FingerCell? Finger, UsagePage? Usage, IReadOnlyList<AuditPage> Lately)
{
    /// <summary>The first word of the name, without a time of day: the house does not know where the member is.</summary>
    internal static string Greet(string name) => $"Hello, {name.Split(' ', 2)[0]}.";

    public string Summary => Needs.Count switch
    {
        0 when Sites.Count > 0 && Sites.All(s => s.State == "live") => "Everything of yours is live. Nothing needs you.",
        0 => "Nothing needs you.",
        1 => "One thing needs you.",
        var n => $"{n} things need you.",
    };
}
