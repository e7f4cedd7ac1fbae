using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Panel.Web.Shared;

/// <summary>One point of a chart: what stands below it, and how much.</summary>
public sealed record ChartPoint(string At, double Value);

// <line-chart points="Model.Visits" label="Visits, 30 days" unit="visits" />: a line drawn by the server and the same
// numbers as a table.
[HtmlTargetElement("line-chart", TagStructure = TagStructure.WithoutEndTag)]
public sealed class LineChartTag : TagHelper
{
    private const int Width = 300;
    private const int Height = 80;

    public required IReadOnlyList<ChartPoint> Points { get; set; }

    public required string Label { get; set; }

    public string Unit { get; set; } = "";

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        if (Points.Count < 2)
        {
            output.SuppressOutput();
            return;
        }

        var line = Line(Points);
        var label = WebUtility.HtmlEncode(Label);
        output.TagName = "figure";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "chart");
        output.Content.AppendHtml(string.Create(CultureInfo.InvariantCulture, $"""
            <svg viewBox="0 0 {Width} {Height}" preserveAspectRatio="none" role="img" aria-label="{label}: from {Number(Points[0])} to {Number(Points[^1])} {WebUtility.HtmlEncode(Unit)}"><path class="area" d="{line}V{Height}H0z"/><path d="{line}"/><path class="last" d="M{Width - 5} {Y(Points[^1].Value, Top(Points)):0.#}h5"/></svg>
            <details><summary>The numbers<span class="hush">: {label}</span></summary><table><thead><tr><th scope="col">When</th><th scope="col" class="n">{WebUtility.HtmlEncode(Unit.Length == 0 ? "How much" : Unit)}</th></tr></thead><tbody>
            """));
        foreach (var point in Points)
        {
            output.Content.AppendHtml($"<tr><td>{WebUtility.HtmlEncode(point.At)}</td><td class=\"n\">{Number(point)}</td></tr>");
        }

        output.Content.AppendHtml("</tbody></table></details>");
    }

    internal static string Line(IReadOnlyList<ChartPoint> points)
    {
        var top = Top(points);
        var path = new StringBuilder("M");
        for (var i = 0; i < points.Count; i++)
        {
            var x = (double)i * Width / (points.Count - 1);
            path.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? "" : "L")}{x:0.#} {Y(points[i].Value, top):0.#}");
        }

        return path.ToString();
    }

    private static double Top(IReadOnlyList<ChartPoint> points) => Math.Max(1, points.Max(p => p.Value));

    // Four units of air above the highest point, so that its stroke is not cut.
    private static double Y(double value, double top) => Height - (value / top * (Height - 8)) - 4;

    private static string Number(ChartPoint point) => point.Value.ToString("#,0.##", CultureInfo.CurrentCulture);
}

// <usage-meter used="..." limit="..." label="Disk" />: how much of a limit is used, as a bar and in words. Bytes.
[HtmlTargetElement("usage-meter", TagStructure = TagStructure.WithoutEndTag)]
public sealed class UsageMeterTag : TagHelper
{
    public long Used { get; set; }

    public long? Limit { get; set; }

    public required string Label { get; set; }

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        if (Limit is not > 0)
        {
            output.SuppressOutput();
            return;
        }

        var percent = Math.Min(100, 100.0 * Used / Limit.Value);
        var kind = percent >= 95 ? " class=\"full\"" : percent >= 80 ? " class=\"near\"" : "";
        var words = $"{Label}: {Bytes.Words(Used)} of {Bytes.Words(Limit.Value)}";
        output.TagName = "div";
        output.TagMode = TagMode.StartTagAndEndTag;
        output.Attributes.SetAttribute("class", "meter");
        output.Content.SetHtmlContent(string.Create(CultureInfo.InvariantCulture,
            $"<svg viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(words)}\"><rect width=\"{percent:0.##}\" height=\"8\"{kind}/></svg>"));
    }
}

/// <summary>Byte counts in words, in powers of 1,024 as packages count them.</summary>
public static class Bytes
{
    private static readonly string[] Units = ["bytes", "KB", "MB", "GB", "TB"];

    public static string Words(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1023.5 && unit < Units.Length - 1)
        {
            (value, unit) = (value / 1024, unit + 1);
        }

        return string.Create(CultureInfo.CurrentCulture, $"{value.ToString(value < 10 && unit > 0 ? "0.#" : "0", CultureInfo.CurrentCulture)} {Units[unit]}");
    }
}
