using System.Net;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <empty-state title="No site yet" plate="sites">the next step</empty-state>
[HtmlTargetElement("empty-state")]
public sealed class EmptyStateTag : TagHelper
{
    public required string Title { get; set; }

    public string? Plate { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = "section";
        output.Attributes.SetAttribute("class", "empty");
        output.PreContent.AppendHtml($"<h2>{WebUtility.HtmlEncode(Title)}</h2>");
        if (!string.IsNullOrEmpty(Plate))
        {
            output.PostContent.AppendHtml("<svg class=\"plate\" viewBox=\"0 0 200 120\" aria-hidden=\"true\">")
                .AppendHtml(Sprite.Use(ViewContext.HttpContext, $"plate-{Plate}")).AppendHtml("</svg>");
        }
    }
}

// <pager older="/audit?before=31" newer="/audit" />: links where there is somewhere to go.
[HtmlTargetElement("pager", TagStructure = TagStructure.WithoutEndTag)]
public sealed class PagerTag : TagHelper
{
    public string? Newer { get; set; }

    public string? Older { get; set; }

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        if (string.IsNullOrEmpty(Newer) && string.IsNullOrEmpty(Older))
        {
            output.SuppressOutput();
            return;
        }

        output.TagName = "nav";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "pager");
        output.Attributes.SetAttribute("aria-label", "Pages");
        output.Content.AppendHtml(Link(Newer, "prev", "Newer")).AppendHtml(Link(Older, "next", "Older"));
    }

    private static string Link(string? href, string rel, string words) =>
        string.IsNullOrEmpty(href) ? "<span></span>" : $"<a class=\"button\" rel=\"{rel}\" href=\"{WebUtility.HtmlEncode(href)}\">{words}</a>";
}

// <live src="/sites/web/events" every="5">...</live>: its content is replaced by each message of the stream; without
// scripts the page renews itself. The stream ends with an event named "end"; reload="true" then loads the page anew.
[HtmlTargetElement("live")]
public sealed class LiveTag : TagHelper
{
    public required string Src { get; set; }

    public int Every { get; set; } = 5;

    public bool Reload { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        ViewContext.HttpContext.RefreshEvery(Every);
        output.TagName = "div";
        output.Attributes.SetAttribute("class", "stack");
        // Not PathString.Add: it would take the question mark of a query for a letter of the path.
        output.Attributes.SetAttribute("data-live", $"{ViewContext.HttpContext.Request.PathBase}{Src}");
        if (Reload)
        {
            output.Attributes.SetAttribute("data-live-reload", "");
        }

        output.PostElement.AppendHtml("<p class=\"lost\" hidden></p>");
    }
}
