using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Panel.Tests.Doors;
using Panel.Web.Doors;

namespace Panel.Tests.EndToEnd;

/// <summary>Goes through the house by its own links, so that a page nobody can come to is found missing.</summary>
internal static partial class Walk
{
    /// <summary>Of pages that are one for each thing, so many are looked through for what leads on.</summary>
    private const int OfAKind = 8;

    /// <summary>Pages that are not come to by a link: parts of other pages, answers to a form, streams and downloads.</summary>
    private static readonly string[] NoLink = ["/events", "/preview", "/denied", "/problem/", ".csv", ".jsonl", ".json", "/copy", "/profile", "/dispatch/new"];

    /// <summary>One address for each page of the house, and the routes of pages that no link leads to.</summary>
    public static async Task<(IReadOnlyList<string> Found, IReadOnlyList<string> Missing)> EveryPageAsync(PanelApp app, IAPIRequestContext browser)
    {
        var routes = HouseRoutes.Of(app).Where(r => r.Method == "GET" && !r.IsApi && !r.Anonymous && r.Policy is Policies.Member or Policies.Admin)
            .Where(r => !NoLink.Any(n => r.Text.Contains(n, StringComparison.Ordinal)))
            .Select(r => (r.Text, Matches: new Regex($"^{Segment().Replace(r.Text, m => m.Value.Contains(":long", StringComparison.Ordinal) ? "[0-9]+" : "[^/]+")}$", RegexOptions.CultureInvariant)))
            .OrderBy(r => r.Text.Count(c => c == '{')).ToList();
        var (found, seen, open) = (new Dictionary<string, List<string>>(), new HashSet<string>(["/"]), new Queue<string>(["/"]));
        while (open.TryDequeue(out var path))
        {
            if (routes.FirstOrDefault(r => r.Matches.IsMatch(path)) is not { Text: { } route } || found.GetValueOrDefault(route)?.Count >= OfAKind)
            {
                continue;
            }

            var answer = await browser.GetAsync(path);
            Assert.True(answer.Ok, $"A link leads to {path}, which answers {answer.Status}.");
            if (!answer.Headers.GetValueOrDefault("content-type", "").StartsWith("text/html", StringComparison.Ordinal))
            {
                continue;
            }

            (found.TryGetValue(route, out var alike) ? alike : found[route] = []).Add(path);
            foreach (var link in Link().Matches(await answer.TextAsync()).Select(m => m.Groups[1].Value).Where(l => !l.StartsWith("//", StringComparison.Ordinal) && seen.Add(l)))
            {
                open.Enqueue(link);
            }
        }

        return ([.. found.Values.Select(v => v[0])], [.. routes.Select(r => r.Text).Except(found.Keys)]);
    }

    [GeneratedRegex("\\{[^}]*\\}")]
    private static partial Regex Segment();

    [GeneratedRegex("<a [^>]*href=\"(/[^\"?#]*)")]
    private static partial Regex Link();
}
