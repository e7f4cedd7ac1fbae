using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <field for="Handle" label="Handle" hint="Small letters." autocomplete="username" />
// Label, hint, error and control in one, tied together for screen readers. type= overrides what the model says, rows=
// makes a text area, options= a select; other attributes go to the control; content replaces the control.
[HtmlTargetElement("field", Attributes = "for")]
public sealed class FieldTag(IHtmlGenerator generator) : TagHelper
{
    public required ModelExpression For { get; set; }

    public string? Label { get; set; }

    public string? Hint { get; set; }

    public string? Type { get; set; }

    public int? Rows { get; set; }

    /// <summary>Whether "(optional)" stands behind the label; unset, the model decides.</summary>
    public bool? Optional { get; set; }

    /// <summary>Puts the Markdown buttons over a text area.</summary>
    public bool Markdown { get; set; }

    public IEnumerable<SelectListItem>? Options { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override async Task ProcessAsync(TagHelperContext context, TagHelperOutput output)
    {
        // The server's words are the only ones, so the generator adds no data-val attributes.
        ViewContext.ClientValidationEnabled = false;
        var own = (await output.GetChildContentAsync()).GetContent();
        var name = ViewContext.ViewData.TemplateInfo.GetFullHtmlFieldName(For.Name);
        var id = TagBuilder.CreateSanitizedId(name, "_")!;
        var wrong = ViewContext.ModelState.TryGetValue(name, out var entry) && entry.Errors.Count > 0
            ? ErrorSummaryTag.Words(entry.Errors[0])
            : null;
        var hint = Hint ?? For.Metadata.Description;
        var attributes = Attributes(output, id, hint, wrong);
        var control = string.IsNullOrWhiteSpace(own) ? Control(name, attributes) : new HtmlString(own);

        output.Attributes.Clear();
        output.TagName = "div";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "field");
        output.Content.Clear();
        if (IsCheck)
        {
            output.Content.AppendHtml("<label class=\"check\">").AppendHtml(control)
                .AppendHtml("<span>").Append(Words).AppendHtml("</span></label>");
        }
        else
        {
            output.Content.AppendHtml($"<label for=\"{id}\">").Append(Words).AppendHtml(Optionally).AppendHtml("</label>");
        }

        if (hint is not null)
        {
            output.Content.AppendHtml($"<p class=\"hint\" id=\"{id}-hint\">{WebUtility.HtmlEncode(hint)}</p>");
        }

        if (wrong is not null)
        {
            output.Content.AppendHtml($"<p class=\"wrong\" id=\"{id}-wrong\"><span class=\"hush\">{ViewContext.Words()["Error"]}: </span>{WebUtility.HtmlEncode(wrong)}</p>");
        }

        if (Markdown)
        {
            output.Content.AppendHtml(MarkdownToolbar.For(ViewContext.HttpContext, id));
        }

        if (!IsCheck)
        {
            output.Content.AppendHtml(control);
        }
    }

    private bool IsCheck => Type == "checkbox" || (Type is null && Options is null && For.Metadata.UnderlyingOrModelType == typeof(bool));

    private string Words => Label ?? For.Metadata.DisplayName ?? For.Metadata.Name ?? For.Name;

    private string Optionally => Optional ?? !For.Metadata.IsRequired ? $" <small>({ViewContext.Words()["optional"]})</small>" : "";

    private static Dictionary<string, object?> Attributes(TagHelperOutput output, string id, string? hint, string? wrong)
    {
        var attributes = output.Attributes.ToDictionary(a => a.Name, a => (object?)a.Value?.ToString());
        attributes["id"] = id;
        var told = string.Join(' ', new[] { hint is null ? null : $"{id}-hint", wrong is null ? null : $"{id}-wrong" }.OfType<string>());
        if (told.Length > 0)
        {
            attributes["aria-describedby"] = told;
        }

        if (wrong is not null)
        {
            attributes["aria-invalid"] = "true";
        }

        return attributes;
    }

    private IHtmlContent Control(string name, Dictionary<string, object?> attributes)
    {
        var model = For.ModelExplorer;
        if (Options is not null)
        {
            return generator.GenerateSelect(ViewContext, model, null, For.Name, Options, false, attributes);
        }

        if (IsCheck)
        {
            return new HtmlContentBuilder()
                .AppendHtml(generator.GenerateCheckBox(ViewContext, model, For.Name, model.Model as bool?, attributes))
                .AppendHtml($"<input type=\"hidden\" name=\"{WebUtility.HtmlEncode(name)}\" value=\"false\">");
        }

        var type = Type ?? TypeOf(For.Metadata);
        if (Rows is not null || type == "textarea")
        {
            return generator.GenerateTextArea(ViewContext, model, For.Name, Rows ?? 8, 0, attributes);
        }

        attributes["type"] = type;
        return type == "password"
            ? generator.GeneratePassword(ViewContext, model, For.Name, null, attributes)
            : generator.GenerateTextBox(ViewContext, model, For.Name, Value(type), null, attributes);
    }

    private object? Value(string type) => (type, For.Model) switch
    {
        ("date", IFormattable day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ("time", IFormattable time) => time.ToString(@"HH\:mm", CultureInfo.InvariantCulture),
        (_, IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture),
        _ => For.Model,
    };

    private static string TypeOf(ModelMetadata model) => model.DataTypeName switch
    {
        "Password" => "password",
        "EmailAddress" => "email",
        "Url" => "url",
        "MultilineText" => "textarea",
        "Date" => "date",
        "Time" => "time",
        _ => model.UnderlyingOrModelType switch
        {
            var t when t == typeof(int) || t == typeof(long) => "number",
            var t when t == typeof(DateOnly) => "date",
            var t when t == typeof(TimeOnly) => "time",
            _ => "text",
        },
    };
}
