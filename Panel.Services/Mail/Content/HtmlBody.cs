using System.Globalization;
using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Panel.Services.Mail.Content;

/// <summary>Writes the tree as HTML with inlined styles, because mail programs drop style sheets.</summary>
internal sealed class HtmlBody
{
    private const string Block = "margin:0 0 16px 0;";
    private const string Mono = "font-family:ui-monospace,Menlo,Consolas,monospace;";
    private const string Link = "color:#0b4f8a;text-decoration:underline;";
    private const string ButtonCell = "background-color:#1a1a1a;border-radius:4px;";
    private const string ButtonLink = "display:inline-block;padding:12px 22px;color:#ffffff;text-decoration:none;font-weight:bold;";

    private static readonly string[] HeadingSizes = ["28px", "23px", "19px", "17px", "16px", "16px"];

    private readonly StringBuilder html = new();

    /// <summary>Where web links lead, in their order.</summary>
    private readonly List<string> links = [];

    private string? track;

    /// <param name="tree">The words.</param>
    /// <param name="track">The mark of the slot that counted links begin with; null: links lead where they say.</param>
    public static (string Html, IReadOnlyList<string> Links) Write(MarkdownDocument tree, string? track = null)
    {
        var body = new HtmlBody { track = track };
        body.Blocks(tree);
        return (body.html.ToString(), body.links);
    }

    private string LinkTo(string address)
    {
        if (address.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase))
        {
            return address;
        }

        links.Add(address);
        return track is null ? address : string.Create(CultureInfo.InvariantCulture, $"{track}/{links.Count - 1}");
    }

    private void Blocks(ContainerBlock blocks)
    {
        foreach (var block in blocks)
        {
            One(block);
        }
    }

    private void One(Block block)
    {
        switch (block)
        {
            case HeadingBlock heading:
                var level = Math.Min(heading.Level, 6);
                Wrap($"h{level}", $"margin:24px 0 12px 0;font-size:{HeadingSizes[level - 1]};line-height:1.25;", () => Inlines(heading.Inline), "\n");
                break;
            case ParagraphBlock paragraph when ButtonOf(paragraph) is { } button:
                Button(button);
                break;
            case ParagraphBlock { Parent: ListItemBlock { Parent: ListBlock { IsLoose: false } } } tight:
                Inlines(tight.Inline);
                break;
            case ParagraphBlock paragraph:
                Wrap("p", Block, () => Inlines(paragraph.Inline), "\n");
                break;
            case ListBlock list:
                List(list);
                break;
            case QuoteBlock quote:
                Wrap("blockquote", "margin:0 0 16px 0;padding:0 0 0 16px;border-left:3px solid #b8b8b8;", () => Blocks(quote), "\n");
                break;
            case CodeBlock code:
                Wrap("pre", Block + Mono + "font-size:14px;white-space:pre-wrap;", () => Text(code.Lines.ToString()), "\n");
                break;
            case ThematicBreakBlock:
                html.Append("<hr style=\"border:0;border-top:1px solid #b8b8b8;margin:24px 0;\">\n");
                break;
            case LinkReferenceDefinitionGroup:
                break;
            case ContainerBlock others:
                Blocks(others);
                break;
        }
    }

    private void List(ListBlock list)
    {
        var start = list.IsOrdered && list.OrderedStart is { } first && first != "1" ? $" start=\"{MailText.Escape(first)}\"" : "";
        html.Append(CultureInfo.InvariantCulture, $"<{(list.IsOrdered ? "ol" : "ul")}{start} style=\"margin:0 0 16px 0;padding:0 0 0 24px;\">\n");
        foreach (var entry in list.OfType<ListItemBlock>())
        {
            Wrap("li", "margin:0 0 6px 0;", () => Blocks(entry), "\n");
        }

        html.Append(list.IsOrdered ? "</ol>\n" : "</ul>\n");
    }

    /// <summary>A table cell with a background, which is what a button has to be in Outlook.</summary>
    private void Button(LinkInline link)
    {
        html.Append(CultureInfo.InvariantCulture, $"<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"margin:0 0 16px 0;\"><tr><td class=\"button\" style=\"{ButtonCell}\"><a href=\"{MailText.Escape(LinkTo(link.Url!))}\" style=\"{ButtonLink}\">");
        Inlines(link);
        html.Append("</a></td></tr></table>\n");
    }

    private void Inlines(ContainerInline? inlines)
    {
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
        {
            switch (inline)
            {
                case LiteralInline literal:
                    Text(literal.Content.ToString());
                    break;
                case HtmlEntityInline entity:
                    Text(MailText.WithoutMarks(entity.Transcoded.ToString()));
                    break;
                case LineBreakInline { IsHard: true }:
                    html.Append("<br>\n");
                    break;
                case LineBreakInline:
                    html.Append('\n');
                    break;
                case EmphasisInline emphasis:
                    var tag = emphasis.DelimiterCount == 2 ? "strong" : "em";
                    Wrap(tag, "", () => Inlines(emphasis), "");
                    break;
                case CodeInline code:
                    Wrap("code", Mono + "font-size:0.9em;", () => Text(code.Content), "");
                    break;
                case LinkInline { IsImage: true } image:
                    html.Append(CultureInfo.InvariantCulture, $"<img src=\"{MailText.Escape(image.Url!)}\" alt=\"{MailText.Escape(TextBody.Words(image))}\" width=\"536\" style=\"display:block;width:100%;max-width:536px;height:auto;border:0;\">");
                    break;
                case LinkInline link:
                    Anchor(link.Url!, () => Inlines(link));
                    break;
                case AutolinkInline auto:
                    Anchor(auto.IsEmail ? $"mailto:{auto.Url}" : auto.Url, () => Text(auto.Url));
                    break;
                case ContainerInline others:
                    Inlines(others);
                    break;
            }
        }
    }

    private void Anchor(string address, Action inside)
    {
        html.Append(CultureInfo.InvariantCulture, $"<a href=\"{MailText.Escape(LinkTo(address))}\" style=\"{Link}\">");
        inside();
        html.Append("</a>");
    }

    private void Wrap(string tag, string style, Action inside, string end)
    {
        html.Append('<').Append(tag);
        if (style.Length > 0)
        {
            html.Append(" style=\"").Append(style).Append('"');
        }

        html.Append('>');
        inside();
        html.Append("</").Append(tag).Append('>').Append(end);
    }

    private void Text(string text) => html.Append(MailText.Escape(text));

    internal static LinkInline? ButtonOf(ParagraphBlock paragraph) =>
        paragraph.Inline?.FirstChild is LinkInline { IsImage: false, NextSibling: null } link && string.Equals(link.Title, "button", StringComparison.OrdinalIgnoreCase) ? link : null;
}
