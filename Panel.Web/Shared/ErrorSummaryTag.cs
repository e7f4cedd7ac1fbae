using System.Net;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <error-summary />: everything that was refused, each linked to its field; nothing at all when nothing was.
[HtmlTargetElement("error-summary", TagStructure = TagStructure.WithoutEndTag)]
public sealed class ErrorSummaryTag : TagHelper
{
    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        var refused = ViewContext.ViewData.ModelState
            .Where(e => e.Value is { ValidationState: ModelValidationState.Invalid })
            .SelectMany(e => e.Value!.Errors.Select(r => (e.Key, Words: Words(r))))
            .ToList();
        if (refused.Count == 0)
        {
            output.SuppressOutput();
            return;
        }

        output.TagName = "section";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "errors");
        output.Attributes.SetAttribute("tabindex", "-1");
        output.Attributes.SetAttribute("aria-labelledby", "errors");
        output.Content.AppendHtml($"<h2 id=\"errors\">{WebUtility.HtmlEncode(ViewContext.Words()["Nothing was changed yet"])}</h2><ul>");
        var fields = ViewContext.ViewData.ModelMetadata.Properties;
        // A refusal may name its field in small letters; ids are compared exactly.
        string Spelled(string key) => fields.FirstOrDefault(f => string.Equals(f.Name, key, StringComparison.OrdinalIgnoreCase))?.Name ?? key;
        foreach (var (key, words) in refused)
        {
            var sentence = WebUtility.HtmlEncode(words);
            output.Content.AppendHtml(key.Length == 0
                ? $"<li>{sentence}</li>"
                : $"<li><a href=\"#{TagBuilder.CreateSanitizedId(Spelled(key), "_")}\">{sentence}</a></li>");
        }

        output.Content.AppendHtml("</ul>");
    }

    internal static string Words(ModelError error) =>
        error.ErrorMessage is { Length: > 0 } words ? words : "This value could not be read.";
}
