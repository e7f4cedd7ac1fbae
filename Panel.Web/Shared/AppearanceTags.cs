using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <icon name="copy" />: one drawing of the sprite, always beside words.
[HtmlTargetElement("icon", TagStructure = TagStructure.WithoutEndTag)]
public sealed class IconTag : TagHelper
{
    public required string Name { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = "svg";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "icon");
        output.Attributes.SetAttribute("aria-hidden", "true");
        output.Content.SetHtmlContent(Sprite.Use(ViewContext.HttpContext, Name));
    }
}

// <plate name="sites" />: the large drawing of a section; decoration, so hidden from screen readers.
[HtmlTargetElement("plate", TagStructure = TagStructure.WithoutEndTag)]
public sealed class PlateTag : TagHelper
{
    public required string Name { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = "svg";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "plate");
        output.Attributes.SetAttribute("viewBox", "0 0 200 120");
        output.Attributes.SetAttribute("aria-hidden", "true");
        output.Content.SetHtmlContent(Sprite.Use(ViewContext.HttpContext, $"plate-{Name}"));
    }
}

// <nav-link href="/sites">Sites</nav-link>: a list entry that knows whether it is where the reader is.
[HtmlTargetElement("nav-link")]
public sealed class NavLinkTag : TagHelper
{
    public required string Href { get; set; }

    /// <summary>Where its other pages are, a space between them.</summary>
    public string Also { get; set; } = "";

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        var path = ViewContext.HttpContext.Request.Path;
        var here = Href == "/" ? path == "/" : Also.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append(Href).Any(at => path.StartsWithSegments(at));
        output.TagName = "li";
        var link = new TagBuilder("a");
        link.Attributes["href"] = ViewContext.HttpContext.Request.PathBase.Add(Href);
        if (here)
        {
            link.Attributes["aria-current"] = path == Href ? "page" : "true";
        }

        output.PreContent.SetHtmlContent(link.RenderStartTag());
        output.PostContent.SetHtmlContent(link.RenderEndTag());
    }
}

internal static class Sprite
{
    public static TagBuilder Use(HttpContext http, string name)
    {
        var use = new TagBuilder("use");
        use.Attributes["href"] = http.Asset("icons.svg") + "#" + name;
        return use;
    }
}
