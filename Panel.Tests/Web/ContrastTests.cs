using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Panel.Tests.Web;

// WCAG 2.2 SC 1.4.3 (text, 4.5:1) and 1.4.11 (edges, focus rings and drawings, 3:1), computed from the tokens themselves.
public sealed partial class ContrastTests
{
    private static readonly Dictionary<string, (string Light, string Dark)> Tokens = Read();

    [Theory]
    [InlineData("ink", "paper", 7)]
    [InlineData("ink", "sheet", 7)]
    [InlineData("faint", "paper", 4.5)]
    [InlineData("faint", "sheet", 4.5)]
    [InlineData("red", "paper", 4.5)]
    [InlineData("red", "sheet", 4.5)]
    [InlineData("on-act", "act", 4.5)]
    [InlineData("good", "sheet", 4.5)]
    [InlineData("good", "paper", 4.5)]
    [InlineData("warn", "sheet", 4.5)]
    [InlineData("warn", "paper", 4.5)]
    [InlineData("chalk", "night", 7)]
    [InlineData("chalk", "band", 7)]
    [InlineData("edge", "sheet", 3)]
    [InlineData("edge", "paper", 3)]
    [InlineData("flag", "paper", 3)]
    [InlineData("flag", "sheet", 3)]
    [InlineData("flag", "band", 3)]
    [InlineData("act", "paper", 3)]
    public void Token_pairs_can_be_read_in_both_themes(string front, string back, double least)
    {
        Assert.InRange(Ratio(Tokens[front].Light, Tokens[back].Light), least, 21);
        Assert.InRange(Ratio(Tokens[front].Dark, Tokens[back].Dark), least, 21);
    }

    [Fact]
    public void The_ratio_is_the_one_of_the_standard()
    {
        Assert.Equal(21, Ratio("#000", "#ffffff"), 2);
        Assert.Equal(4.54, Ratio("#767676", "#fff"), 2);
    }

    private static Dictionary<string, (string, string)> Read()
    {
        var found = new Dictionary<string, (string, string)>();
        foreach (Match token in Token().Matches(Face.Read("wwwroot/panel.css")))
        {
            var light = token.Groups["light"].Value;
            found[token.Groups["name"].Value] = (light, token.Groups["dark"] is { Success: true } dark ? dark.Value : light);
        }

        return found;
    }

    private static double Ratio(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour)
    {
        var hex = colour.Length == 4 ? string.Concat(colour[1..].Select(c => $"{c}{c}")) : colour[1..];
        double Channel(int at)
        {
            var value = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Channel(0)) + (0.7152 * Channel(2)) + (0.0722 * Channel(4));
    }

    [GeneratedRegex("--(?<name>[a-z-]+):\\s*(light-dark\\()?(?<light>#[0-9a-f]{3,6})(,\\s*(?<dark>#[0-9a-f]{3,6})\\))?")]
    private static partial Regex Token();
}
