using System.Globalization;
using Microsoft.AspNetCore.Mvc.Rendering;
using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Segmenting;

namespace Panel.Web.Newsletters;

/// <summary>One line of the form: an empty <see cref="What"/> is no condition.</summary>
public sealed record SegmentLine(string? What = null, string? How = null, string? Value = null);

/// <summary>A segment as a form shows it: some lines that must hold all, or one of them. What is deeper comes by the API.</summary>
public sealed record SegmentForm
{
    public const int Lines = 5;

    public string? Name { get; init; }

    /// <summary><c>all</c> or <c>any</c>.</summary>
    public string? Match { get; init; }

    public List<SegmentLine>? Rows { get; init; }

    public static SegmentForm Of(SegmentPage segment) => new()
    {
        Name = segment.Name,
        Match = segment.Rule is AnyOf ? "any" : "all",
        Rows = [.. Flat(segment.Rule) ?? []],
    };

    /// <summary>Whether the form can show the whole rule.</summary>
    public static bool Fits(SegmentRule rule) => Flat(rule) is { Count: <= Lines };

    public Outcome<SegmentRule> ToRule()
    {
        var parts = new List<SegmentRule>();
        foreach (var line in (Rows ?? []).Where(r => !string.IsNullOrEmpty(r.What)))
        {
            var read = Read(line.What!, line.How ?? "", line.Value?.Trim() ?? "");
            if (!read.Succeeded)
            {
                return read.Refused;
            }

            parts.Add(read.Value);
        }

        return Match == "any" ? new AnyOf(parts) : new AllOf(parts);
    }

    public static IEnumerable<SelectListItem> Whats(ListPage list) =>
    [
        new("", ""), new("State", "state"), new("Language", "language"), new("Joined", "joined"),
        .. list.TrackingOfferedAt is null ? Enumerable.Empty<SelectListItem>() : [new("Opened an issue", "opened")],
        .. new[] { "name", "email" }.Concat(list.Fields.Split(',', StringSplitOptions.RemoveEmptyEntries)).Select(f => new SelectListItem(f == "email" ? "e-mail" : f, $"field:{f}")),
    ];

    public static IEnumerable<SelectListItem> Hows =>
    [
        new("is", "is"), new("is not", "not"), new("contains", "has"), new("does not contain", "hasnot"),
        new("on or after the day", "after"), new("before the day", "before"), new("in the last ... days", "within"), new("not in the last ... days", "notwithin"),
    ];

    private static Outcome<SegmentRule> Read(string what, string how, string value) => (what, how) switch
    {
        ("state", "is" or "not") when Enum.TryParse<SubscriberState>(value, ignoreCase: true, out var state) && !char.IsAsciiDigit(value[0]) => Turn(how == "not", new StateIs(state)),
        ("state", _) => Wrong($"A state is one of {string.Join(", ", Enum.GetNames<SubscriberState>()).ToLowerInvariant()}, with \"is\" or \"is not\"."),
        ("language", "is" or "not") => Turn(how == "not", new LanguageIs(value.ToLowerInvariant())),
        ("language", _) => Wrong("A language goes with \"is\" or \"is not\" and two letters, for example de."),
        ("joined", "after" or "before") when DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) => how == "after" ? new JoinedAfter(day) : new JoinedBefore(day),
        ("joined", _) => Wrong("Joined goes with \"on or after\" or \"before\" and a day such as 2026-05-01."),
        ("opened", "within" or "notwithin") when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var days) => Turn(how == "notwithin", new OpenedWithin(days)),
        ("opened", _) => Wrong("Opened goes with \"in the last\" and a number of days, for example 90."),
        (_, "is" or "not") when what.StartsWith("field:", StringComparison.Ordinal) => Turn(how == "not", new FieldEquals(what[6..], value)),
        (_, "has" or "hasnot") when what.StartsWith("field:", StringComparison.Ordinal) => Turn(how == "hasnot", new FieldContains(what[6..], value)),
        _ => Wrong($"{what.Replace("field:", "", StringComparison.Ordinal)} goes with \"is\", \"is not\", \"contains\" or \"does not contain\"."),
    };

    private static SegmentRule Turn(bool not, SegmentRule rule) => not ? new NotSo(rule) : rule;

    private static Refusal Wrong(string words) => new(words, "rule");

    private static List<SegmentLine>? Flat(SegmentRule rule)
    {
        var lines = (rule is AllOf or AnyOf ? rule switch { AllOf all => all.Of, AnyOf any => any.Of, _ => [] } : [rule]).Select(Line).ToList();
        return lines.Contains(null) ? null : [.. lines.OfType<SegmentLine>()];
    }

    private static SegmentLine? Line(SegmentRule rule) => rule switch
    {
        StateIs s => new("state", "is", s.State.ToString().ToLowerInvariant()),
        LanguageIs l => new("language", "is", l.Language),
        JoinedAfter j => new("joined", "after", $"{j.Day:yyyy-MM-dd}"),
        JoinedBefore j => new("joined", "before", $"{j.Day:yyyy-MM-dd}"),
        FieldEquals f => new($"field:{f.Field}", "is", f.Value),
        FieldContains f => new($"field:{f.Field}", "has", f.Value),
        OpenedWithin o => new("opened", "within", $"{o.Days}"),
        NotSo { Of: StateIs or LanguageIs or FieldEquals } n => Line(n.Of)! with { How = "not" },
        NotSo { Of: FieldContains } n => Line(n.Of)! with { How = "hasnot" },
        NotSo { Of: OpenedWithin } n => Line(n.Of)! with { How = "notwithin" },
        _ => null,
    };
}

/// <param name="Open">The segment in the form; null is a new one.</param>
public sealed record SegmentsView(ListPage List, IReadOnlyList<SegmentPage> Segments, SegmentPage? Open, SegmentForm Form)
{
    public string Address => $"/newsletters/{List.Name}/segments";
}
