using System.Globalization;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

// <when at="Model.ChangedAt" />: a UTC time in words with its zone. relative says "2 h ago" and keeps the exact time in
// the title; empty= is said for a null.
[HtmlTargetElement("when", TagStructure = TagStructure.WithoutEndTag)]
public sealed class WhenTag(TimeProvider clock) : TagHelper
{
    public DateTime? At { get; set; }

    public bool Relative { get; set; }

    public string Empty { get; set; } = "never";

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagMode = TagMode.StartTagAndEndTag;
        if (At is not { } at)
        {
            output.TagName = "span";
            output.Content.SetContent(Empty);
            return;
        }

        var exact = Exact(at);
        output.TagName = "time";
        output.Attributes.SetAttribute("datetime", at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        if (Relative)
        {
            output.Attributes.SetAttribute("title", exact);
        }

        output.Content.SetContent(Relative ? Ago(at, clock.GetUtcNow().UtcDateTime) : exact);
    }

    internal static string Exact(DateTime at) => at.ToString("ddd d MMM yyyy, HH:mm 'UTC'", CultureInfo.CurrentCulture);

    internal static string Ago(DateTime at, DateTime now)
    {
        var gone = now - at;
        if (gone < TimeSpan.Zero)
        {
            return Exact(at);
        }

        return gone switch
        {
            { TotalSeconds: < 45 } => "just now",
            { TotalMinutes: < 60 } => $"{Math.Max(1, (int)gone.TotalMinutes)} min ago",
            { TotalHours: < 24 } => $"{(int)gone.TotalHours} h ago",
            { TotalDays: < 14 } => (int)gone.TotalDays == 1 ? "yesterday" : $"{(int)gone.TotalDays} days ago",
            _ => at.ToString("d MMM yyyy", CultureInfo.CurrentCulture),
        };
    }
}
