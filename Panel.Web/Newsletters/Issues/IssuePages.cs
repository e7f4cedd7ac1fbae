using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Mvc.Rendering;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Segmenting;
using Panel.Services.Newsletters.Writing;

namespace Panel.Web.Newsletters;

public sealed record IssueForm
{
    [Required(ErrorMessage = "Give the issue a subject: it is what people see first.")]
    public string? Subject { get; init; }

    [Required(ErrorMessage = "Write something first.")]
    public string? Markdown { get; init; }

    /// <summary>When the words were last changed as this page knew them, in ticks.</summary>
    public long? Base { get; init; }

    public IFormFile? Image { get; init; }

    /// <summary>What the image shows, for those who do not see it.</summary>
    public string? Alt { get; init; }

    /// <summary>The segment it is for; 0 is everybody, null a page that does not ask.</summary>
    public long? Segment { get; init; }

    /// <summary><c>send</c> goes on to the final screen, anything else stays.</summary>
    public string? Then { get; init; }

    public IssueWords ToWords() => new(Subject!, Markdown!, Base is { } ticks ? new DateTime(ticks, DateTimeKind.Utc) : null, Segment);
}

public sealed record IssuesPage(ListPage List, IReadOnlyList<IssuePage> Issues);

/// <param name="Issue">Null for one that is not saved yet.</param>
public sealed record ComposerPage(ListPage List, IssuePage? Issue, IssueForm Form, TestMail? Tested = null)
{
    public IReadOnlyList<IssueCheck> Checks { get; init; } = [];

    /// <summary>Some people of the list, as whom the preview can be read.</summary>
    public IReadOnlyList<SubscriberPage> Readers { get; init; } = [];

    /// <summary>As it will arrive; null while it cannot be rendered.</summary>
    public IssuePreview? Shown { get; init; }

    /// <summary>Parts of the list it can go to.</summary>
    public IReadOnlyList<SegmentPage> Segments { get; init; } = [];

    /// <summary>Whom it can go to, to choose from.</summary>
    public IEnumerable<SelectListItem> Audiences => new[] { new SelectListItem($"Everybody ({List.Confirmed:N0})", "0") }
        .Concat(Segments.Select(s => new SelectListItem($"{s.Name} ({s.People:N0})", $"{s.Id}")));

    /// <summary>The stored words, when somebody else saved them while this page was open.</summary>
    public IssuePage? Stored { get; init; }

    public string Address => Issue is null ? $"/newsletters/{List.Name}/issues" : $"/newsletters/{List.Name}/issues/{Issue.Id}";
}

public sealed record DeliveriesPage(IssuePage Issue, IssueReport Report, IReadOnlyList<DeliveryPage> Rows, string? State, string? Older)
{
    public string Address => $"/newsletters/{Issue.List}/issues/{Issue.Id}";
}

public sealed record DispatchForm
{
    /// <summary>As a browser's date field gives it, in <see cref="Zone"/>; empty is now.</summary>
    public DateTime? At { get; init; }

    /// <summary>Whose clocks; empty is UTC. The browser's own zone plays no part.</summary>
    public string? Zone { get; init; }

    public TimeZoneInfo? ZoneInfo => string.IsNullOrWhiteSpace(Zone) ? TimeZoneInfo.Utc : WallTime.Find(Zone.Trim());

    public DateTimeOffset? Due => At is { } at && ZoneInfo is { } zone ? new DateTimeOffset(WallTime.ToUtc(at, zone).Utc) : null;

    public bool IsMoved => At is { } at && ZoneInfo is { } zone && WallTime.ToUtc(at, zone).Moved;
}

/// <summary>The last screen, with times on the wall of the zone that was asked for.</summary>
public sealed record DispatchView(DispatchPlan Plan, string Zone, DateTime Wall, bool IsMoved)
{
    public static DispatchView Of(DispatchPlan plan, DispatchForm form, string usual)
    {
        var zone = form.At is null ? WallTime.Find(form.Zone) ?? WallTime.Find(plan.Zone) ?? WallTime.Find(usual) ?? TimeZoneInfo.Utc : form.ZoneInfo ?? TimeZoneInfo.Utc;
        return new DispatchView(plan, form.At is not null && form.ZoneInfo is null ? form.Zone! : zone.Id, WallTime.Of(plan.DueAt, zone), form.IsMoved);
    }
}

/// <summary>The words that pages put around the ledger's.</summary>
internal static class IssueSentences
{
    public static string Of(IssueReport report) => report.State switch
    {
        IssueState.Scheduled => "It waits for its time. Nobody was mailed yet.",
        IssueState.Held => "It is held before it starts. Nobody was mailed yet.",
        IssueState.Asking => "It waits for your decision. Nothing is sent unasked.",
        IssueState.Sending => $"{report.Sent:N0} of {report.Recipients:N0} were accepted so far.",
        IssueState.Paused => $"It stands still: {report.Sent:N0} were accepted, {report.Queued + report.Deferred:N0} wait.",
        IssueState.Sent => $"{report.Sent:N0} of {report.Recipients:N0} were accepted by the receiving servers.",
        IssueState.Cancelled => report.Recipients == 0 ? "It was cancelled before anybody was mailed." : $"It was cancelled: {report.Sent:N0} had been accepted.",
        _ => "It is a draft.",
    };

    public static string Of(DeliveryPage row) => (row.State, row.Reason) switch
    {
        ("skipped", SkipReason.Left) => "Left the list, so this issue was not sent.",
        ("skipped", SkipReason.Paused) => "Paused the newsletter.",
        ("skipped", SkipReason.Bounced) => "The address does not exist any more: earlier mail came back.",
        ("skipped", SkipReason.Complained) => "Marked earlier mail as spam.",
        ("skipped", SkipReason.NotConfirmed) => "Has not confirmed the sign-up.",
        ("skipped", SkipReason.Suppressed) => "This address must not be mailed: it is on the house's list of suppressed addresses.",
        ("skipped", SkipReason.Erased) => "Was erased from the list.",
        ("skipped", SkipReason.Cancelled) => "You cancelled the issue before it was this person's turn.",
        ("unknown", _) => "It may have arrived. It is not sent again unless you say so.",
        (_, { } other) => other,
        _ => "",
    };
}
