using System.Globalization;
using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Panel.Services.Mail.Content;

/// <summary>Writes the tree as plain text that reads well by itself. Lines end in LF.</summary>
internal static class TextBody
{
    public static string Write(MarkdownDocument tree) => Blocks(tree, "\n\n").Trim('\n');

    /// <summary>The bare words of an inline, for alt texts and titles.</summary>
    public static string Words(ContainerInline inlines) => Inlines(inlines, bare: true);

    private static string Blocks(ContainerBlock blocks, string between) =>
        string.Join(between, blocks.Select(One).Where(text => text.Length > 0));

    private static string One(Block block) => block switch
    {
        HeadingBlock heading => Heading(heading),
        ParagraphBlock paragraph when HtmlBody.ButtonOf(paragraph) is { } button => $"{Inlines(button, bare: true)}:\n{button.Url}",
        ParagraphBlock paragraph => Inlines(paragraph.Inline),
        ListBlock list => List(list),
        QuoteBlock quote => Indent(Blocks(quote, "\n\n"), "> ", "> "),
        CodeBlock code => Indent(code.Lines.ToString(), "    ", "    "),
        ThematicBreakBlock => "----",
        LinkReferenceDefinitionGroup => "",
        ContainerBlock others => Blocks(others, "\n\n"),
        _ => "",
    };

    private static string Heading(HeadingBlock heading)
    {
        var words = Inlines(heading.Inline);
        return heading.Level > 2 ? words : $"{words}\n{new string(heading.Level == 1 ? '=' : '-', Math.Clamp(words.Length, 1, 72))}";
    }

    private static string List(ListBlock list)
    {
        var number = list.IsOrdered && int.TryParse(list.OrderedStart, CultureInfo.InvariantCulture, out var start) ? start : 1;
        return string.Join(list.IsLoose ? "\n\n" : "\n", list.OfType<ListItemBlock>().Select(entry =>
        {
            var bullet = list.IsOrdered ? $"{number++}. " : "- ";
            return Indent(Blocks(entry, list.IsLoose ? "\n\n" : "\n"), bullet, new string(' ', bullet.Length));
        }));
    }

    private static string Indent(string text, string first, string rest) => first + text.Replace("\n", "\n" + rest, StringComparison.Ordinal);

    private static string Inlines(ContainerInline? inlines, bool bare = false)
    {
        var text = new StringBuilder();
        foreach (var inline in inlines ?? Enumerable.Empty<Inline>())
        {
            text.Append(inline switch
            {
                LiteralInline literal => literal.Content.ToString(),
                HtmlEntityInline entity => MailText.WithoutMarks(entity.Transcoded.ToString()),
                LineBreakInline line => line.IsHard && !bare ? "\n" : " ",
                EmphasisInline { DelimiterCount: 1 } emphasis when !bare => $"_{Inlines(emphasis)}_",
                EmphasisInline emphasis when !bare => $"*{Inlines(emphasis)}*",
                CodeInline code => code.Content,
                LinkInline { IsImage: true } image => bare ? Words(image) : $"[{Words(image)}]",
                LinkInline link when !bare => LinkText(Inlines(link), link.Url!),
                AutolinkInline auto => auto.Url,
                ContainerInline others => Inlines(others, bare),
                _ => "",
            });
        }

        return text.ToString();
    }

    private static string LinkText(string words, string address)
    {
        var shown = address.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) ? address[7..] : address;
        return words == shown || words == address ? shown : $"{words} ({shown})";
    }
}
