using System.ComponentModel.DataAnnotations;
using Panel.Services.Finger;
using Panel.Services.Finger.Homes;

namespace Panel.Web.Finger;

/// <summary>The editor's fields. An empty field takes the thing away; the name then is the member's own again.</summary>
public sealed class AccountForm
{
    public string? Name { get; set; }

    [Display(Name = "Web page")]
    public string? WebPage { get; set; }

    public string? Project { get; set; }

    public string? Plan { get; set; }

    public bool Listed { get; set; }

    public bool Hidden { get; set; }

    public List<FingerParts> Shows { get; set; } = [];

    public long? Version { get; set; }

    internal static AccountForm Of(FingerPage page) => new()
    {
        Name = page.Name,
        WebPage = page.WebPage,
        Project = page.Project,
        Plan = page.Plan,
        Listed = page.Listed,
        Hidden = page.Hidden,
        Shows = [.. page.Shows],
        Version = page.Version,
    };

    internal FingerChanges Changes() => new(
        Name ?? string.Empty, WebPage ?? string.Empty, Project ?? string.Empty, Plan ?? string.Empty, Hidden, Listed, Shows, Version: Version);
}

/// <summary>The editor: what is stored, what is typed, and the bytes that would be sent.</summary>
public sealed record EditorPage(FingerPage Stored, AccountForm Form, Terminal Preview, IReadOnlyList<HomePage> Homes, bool Mine, bool Admin)
{
    /// <summary>The parts that a member chooses from, in the order in which an answer has them.</summary>
    public static IReadOnlyList<(FingerParts Part, string Words)> Parts { get; } =
    [
        (FingerParts.Address, "Address"), (FingerParts.LastPost, "Posts, and whom you follow"), (FingerParts.WebPage, "Web page"), (FingerParts.Project, "Project"), (FingerParts.Plan, "Plan"), (FingerParts.Keys, "Fingerprints of your SSH keys, in the long answer (finger -l)"),
    ];

    /// <summary>Ways to begin when there is no plan yet.</summary>
    public static IReadOnlyList<(string Name, string Text)> Starters { get; } =
    [
        ("What I am up to", "This week:\n  \n\nNext:\n  \n\nCome by:\n  \n"),
        ("A sign on the studio door", "Studio open: Thursdays 14:00-19:00\nNext show: \nWrite to me at: \n"),
        ("A log", "2026-01-01  Began this log.\n"),
        ("Quiet", "Away, drawing. Back when it rains.\n"),
    ];

    public string State => Stored.Withheld ? "withheld" : Stored.Hidden ? "hidden" : "answering";

    /// <summary>Somebody else saved between opening and saving; both plans are on the page.</summary>
    public bool Overtaken { get; init; }
}
