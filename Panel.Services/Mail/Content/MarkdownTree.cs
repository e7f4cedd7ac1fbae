using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Panel.Services.Mail.Content;

/// <summary>Reads an author's Markdown into a tree that holds nothing but what both bodies can show.</summary>
internal static class MarkdownTree
{
    /// <summary>Render limit of rule V10: more characters than any newsletter has.</summary>
    private const int SourceLimit = 100_000;

    /// <summary>Markdig's time grows with the square of these; a long newsletter has a few hundred.</summary>
    private const int BracketLimit = 2_000;

    private const int EmphasisLimit = 6_000;

    private const int DepthLimit = 30;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePreciseSourceLocation().Build();

    public static Outcome<MarkdownDocument> Read(string markdown, string field)
    {
        if (markdown.Length > SourceLimit)
        {
            return new Refusal($"The text has {markdown.Length} characters; an issue can have {SourceLimit}.", field);
        }

        if (Hostile(markdown) is { } place)
        {
            return new Refusal(place, field);
        }

        MarkdownDocument tree;
        try
        {
            tree = Markdown.Parse(markdown, Pipeline);
        }
        catch (ArgumentException)
        {
            // What Markdig says to hostile nesting.
            return new Refusal("The text is nested too deeply to be shown.", field);
        }

        return Fault(tree, 0) is { } fault ? new Refusal(fault, field) : tree;
    }

    private static string? Hostile(ReadOnlySpan<char> markdown)
    {
        if (markdown.Count('[') > BracketLimit || markdown.Count('*') + markdown.Count('_') + markdown.Count('`') > EmphasisLimit)
        {
            return "The text has too many brackets or marks of emphasis to be shown.";
        }

        var number = 0;
        foreach (var line in markdown.EnumerateLines())
        {
            number++;
            var marks = line[..^line.TrimStart(" \t>-+*.)0123456789").Length];
            if (marks.Count('>') + marks.Count("- ") + marks.Count("+ ") + marks.Count("* ") + marks.Count(". ") + marks.Count(") ") > 2 * DepthLimit)
            {
                return $"Line {number}: this is nested too deeply to be shown.";
            }
        }

        return null;
    }

    private static string? Fault(MarkdownObject node, int depth)
    {
        if (depth > DepthLimit)
        {
            return $"Line {node.Line + 1}: this is nested too deeply to be shown.";
        }

        return Own(node) ?? node switch
        {
            ContainerBlock blocks => blocks.Select(b => Fault(b, depth + 1)).FirstOrDefault(f => f is not null),
            LeafBlock { Inline: { } inlines } => Fault(inlines, depth),
            ContainerInline inlines => inlines.Select(i => Fault(i, depth + 1)).FirstOrDefault(f => f is not null),
            _ => null,
        };
    }

    private static string? Own(MarkdownObject node) => node switch
    {
        HtmlBlock or HtmlInline => $"Line {node.Line + 1}: HTML is not accepted in an issue; write it in Markdown, or put a backslash before the < to show it.",
        LinkInline { IsImage: true } image when !HasWords(image) => $"Line {image.Line + 1}: this image has no description for people who do not see it: ![description](address).",
        LinkInline link when LinkRule.Fault(link.Url ?? "", link.IsImage) is { } fault => $"Line {link.Line + 1}: the {(link.IsImage ? "image" : "link")} {Shown(link.Url)} {fault}.",
        AutolinkInline { IsEmail: false } link when LinkRule.Fault(link.Url, false) is { } fault => $"Line {link.Line + 1}: the link {Shown(link.Url)} {fault}.",
        _ => null,
    };

    private static bool HasWords(ContainerInline inlines) => inlines.Descendants<LiteralInline>().Any(l => !l.Content.IsEmptyOrWhitespace());

    private static string Shown(string? url) => MailWords.Clean(url is { Length: > 80 } ? url[..80] + "…" : url ?? "");
}
