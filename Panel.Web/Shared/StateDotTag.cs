using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <state-dot value="live" />: a shape, a colour and always the word. Content replaces the word: <state-dot value="pending">Sends Tue 09:00</state-dot>
[HtmlTargetElement("state-dot")]
public sealed class StateDotTag : TagHelper
{
    public required string Value { get; set; }

    public override async Task ProcessAsync(TagHelperContext context, TagHelperOutput output)
    {
        var value = Value.ToLowerInvariant();
        var kind = Kind(value);
        var words = (await output.GetChildContentAsync()).GetContent();
        output.TagName = "span";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", $"state {kind}");
        output.Content.SetHtmlContent(Shape(kind));
        if (string.IsNullOrWhiteSpace(words))
        {
            output.Content.Append(Words(value));
        }
        else
        {
            output.Content.AppendHtml(words);
        }
    }

    internal static string Kind(string value) => value switch
    {
        "live" or "sent" or "confirmed" or "accepted" or "answering" or "done" or "ok" or "active" or "approved" or "found" => "good",
        "failed" or "bounced" or "complained" or "error" or "differs" or "missing" or "unreachable" or "refused" or "asking" => "bad",
        "suspended" or "cancelled" or "left" or "draft" or "removed" or "skipped" or "hidden" or "off" or "none" => "off",
        _ => "wait",
    };

    private static string Words(string value) => value switch
    {
        "pending" => "Waiting",
        "asking" => "Overdue: asks you",
        "held" => "Held, can be taken back",
        "sending" => "Going out",
        "" => "Unknown",
        _ => char.ToUpperInvariant(value[0]) + value[1..],
    };

    // A full circle, a half circle, a cross and a ring: the four are told apart without colour.
    private static string Shape(string kind) => kind switch
    {
        "good" => "<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><circle cx=\"6\" cy=\"6\" r=\"6\" fill=\"currentColor\"/></svg>",
        "bad" => "<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M1 1l10 10M11 1 1 11\" stroke=\"currentColor\" stroke-width=\"3\"/></svg>",
        "off" => "<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><circle cx=\"6\" cy=\"6\" r=\"4.5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.5\"/></svg>",
        _ => "<svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path d=\"M6 0a6 6 0 0 1 0 12z\" fill=\"currentColor\"/><circle cx=\"6\" cy=\"6\" r=\"5\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"/></svg>",
    };
}
