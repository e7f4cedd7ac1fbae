using System.Net;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <copy-row label="A record">annart.example. A 203.0.113.10</copy-row>: exact text, selected by one click where scripts are off.
[HtmlTargetElement("copy-row")]
public sealed class CopyRowTag : TagHelper
{
    public string? Label { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override async Task ProcessAsync(TagHelperContext context, TagHelperOutput output)
    {
        var text = (await output.GetChildContentAsync()).GetContent().Trim();
        output.TagName = "div";
        output.Attributes.SetAttribute("class", "copy");
        if (Label is not null)
        {
            output.Content.AppendHtml($"<span>{WebUtility.HtmlEncode(Label)}</span>");
        }

        output.Content.AppendHtml($"<div><code tabindex=\"0\">{text}</code>");
        output.Content.AppendHtml(CopyButton.For(ViewContext.HttpContext, Label ?? "this text"));
        output.Content.AppendHtml("</div>");
    }
}

// <cmd-line>panel site show ann web</cmd-line>: the same act on the command line.
[HtmlTargetElement("cmd-line")]
public sealed class CmdLineTag : TagHelper
{
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override async Task ProcessAsync(TagHelperContext context, TagHelperOutput output)
    {
        var text = (await output.GetChildContentAsync()).GetContent().Trim();
        output.TagName = "div";
        output.Attributes.SetAttribute("class", "cmd");
        output.Content.AppendHtml($"<code tabindex=\"0\">{text}</code>");
        output.Content.AppendHtml(CopyButton.For(ViewContext.HttpContext, "the command line"));
    }
}

internal static class CopyButton
{
    public static TagBuilder For(HttpContext http, string what)
    {
        var icon = new TagBuilder("svg");
        icon.Attributes["class"] = "icon";
        icon.Attributes["aria-hidden"] = "true";
        icon.InnerHtml.AppendHtml(Sprite.Use(http, "copy"));
        var button = new TagBuilder("button");
        button.Attributes["type"] = "button";
        button.Attributes["data-copy"] = "";
        button.InnerHtml.AppendHtml(icon);
        button.InnerHtml.AppendHtml("<span>Copy</span>");
        button.InnerHtml.AppendHtml($"<span class=\"hush\"> {WebUtility.HtmlEncode(what)}</span>");
        return button;
    }
}
