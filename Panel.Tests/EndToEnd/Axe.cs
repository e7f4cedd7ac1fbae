using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Panel.Tests.EndToEnd;

/// <summary>Reads a page by the rules of axe-core, by itself: the package's own way also reads every rule that was kept, in a page of its own, and takes four times as long.</summary>
internal static class Axe
{
    // A preview of a mail lies in a frame that runs no scripts: axe would wait there for ever.
    private const string Run = """
        async tags => (await axe.run(document, { iframes: false, resultTypes: ['violations'], runOnly: { type: 'tag', values: tags } }))
            .violations.map(v => v.id + ' ' + v.nodes[0].html)
        """;

    private static readonly string[] Tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

    private static readonly string Script = new BundledAxeScriptProvider().GetScript();

    /// <summary>The rules that are broken, each with the first element that breaks it.</summary>
    public static async Task<IReadOnlyList<string>> ReadAsync(IPage page)
    {
        await page.EvaluateAsync(Script);
        return await page.EvaluateAsync<string[]>(Run, Tags);
    }
}
