using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// The framework gives the antiforgery token only to forms without an action; here every form that posts to the house has
// it, unless asp-antiforgery="false" says that the page must work without a cookie.
[HtmlTargetElement("form", Attributes = "action")]
public sealed class FormTokenTag(IHtmlGenerator generator) : TagHelper
{
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        var posts = string.Equals(context.AllAttributes["method"]?.Value?.ToString(), "post", StringComparison.OrdinalIgnoreCase);
        var inside = context.AllAttributes["action"].Value?.ToString()?.StartsWith('/') == true;
        if (posts && inside && !context.AllAttributes.ContainsName("asp-antiforgery"))
        {
            output.PostContent.AppendHtml(generator.GenerateAntiforgery(ViewContext));
        }
    }
}
