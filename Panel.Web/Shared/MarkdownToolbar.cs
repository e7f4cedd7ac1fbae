using System.Net;
using Microsoft.AspNetCore.Html;

namespace Panel.Web.Shared;

/// <summary>Buttons over a text area that write Markdown into it; with scripts off only the text area is there.</summary>
internal static class MarkdownToolbar
{
    private const string WantedKey = "Panel.Markdown";

    private static readonly (string Element, string Icon, string Words)[] Buttons =
    [
        ("md-bold", "bold", "Bold"),
        ("md-italic", "italic", "Italic"),
        ("md-header", "heading", "Heading"),
        ("md-link", "link", "Link"),
        ("md-image", "image", "Image"),
        ("md-unordered-list", "list", "List"),
        ("md-ordered-list", "list-ordered", "Numbers"),
        ("md-quote", "quote", "Quote"),
    ];

    /// <summary>The buttons for the text area with this id; the layout then loads the script that makes them work.</summary>
    public static IHtmlContent For(HttpContext http, string id)
    {
        http.Items[WantedKey] = true;
        var bar = new HtmlContentBuilder()
            .AppendHtml($"<markdown-toolbar for=\"{WebUtility.HtmlEncode(id)}\" class=\"toolbar\" role=\"toolbar\" aria-label=\"Text tools\">");
        foreach (var (element, icon, words) in Buttons)
        {
            bar.AppendHtml($"<{element}><svg class=\"icon\" aria-hidden=\"true\">").AppendHtml(Sprite.Use(http, icon)).AppendHtml($"</svg> {words}</{element}>");
        }

        return bar.AppendHtml("</markdown-toolbar>");
    }

    public static bool WantsMarkdown(this HttpContext http) => http.Items.ContainsKey(WantedKey);
}
