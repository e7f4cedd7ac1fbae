using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Xunit;

namespace Panel.Tests.Web;

public sealed partial class AssetTests
{
    [Theory]
    [InlineData("wwwroot/panel.css", 10_240)]
    [InlineData("wwwroot/app.js", 4_096)]
    [InlineData("wwwroot/passkey.js", 2_048)]
    [InlineData("wwwroot/icons.svg", 5_120)]
    public void Own_files_stay_small(string path, int limit) => Assert.InRange(Face.Compressed(path), 1, limit);

    [Fact]
    public void Everything_a_member_page_loads_leaves_room_for_the_page()
    {
        string[] loaded = ["wwwroot/panel.css", "wwwroot/app.js", "wwwroot/icons.svg", "wwwroot/lib/htmx/4.0.1/htmx.min.js"];
        Assert.InRange(loaded.Sum(Face.Compressed), 1, 30 * 1024);
    }

    [Fact]
    public void Vendored_files_are_the_ones_that_were_reviewed()
    {
        var lib = Path.Combine(Face.Root, "wwwroot", "lib");
        var wanted = File.ReadLines(Path.Combine(lib, "checksums.sha256"))
            .Select(l => l.Split("  ", 2))
            .ToDictionary(l => l[1], l => l[0]);
        var found = Directory.EnumerateFiles(lib, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) != "checksums.sha256")
            .ToDictionary(f => Path.GetRelativePath(lib, f).Replace('\\', '/'), f => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(f))));
        Assert.Equal(wanted.OrderBy(f => f.Key, StringComparer.Ordinal), found.OrderBy(f => f.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void No_view_has_inline_styles_scripts_or_handlers()
    {
        Assert.NotEmpty(Face.Views());
        Assert.All(Face.Views(), view =>
        {
            var text = Face.Read(view);
            Assert.DoesNotMatch(InlineStyle(), text);
            Assert.DoesNotMatch(InlineScript(), text);
            Assert.DoesNotMatch(InlineHandler(), text);
        });
    }

    [Fact]
    public void Views_name_assets_only_through_their_hashed_address() =>
        Assert.All(Face.Views(), view => Assert.DoesNotMatch(PlainAsset(), Face.Read(view)));

    [Fact]
    public void Public_pages_load_no_script() =>
        Assert.DoesNotContain("<script", Face.Read("Shared/_Public.cshtml"), StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Every_icon_and_plate_that_a_view_names_is_in_the_sprite()
    {
        var sprite = Face.Read("wwwroot/icons.svg");
        var named = Face.Views().SelectMany(view => NamedDrawing().Matches(Face.Read(view)))
            .Select(m => m.Groups["kind"].Value is "icon" ? m.Groups["name"].Value : $"plate-{m.Groups["name"].Value}");
        Assert.All(named, name => Assert.Contains($"id=\"{name}\"", sprite, StringComparison.Ordinal));
    }

    [GeneratedRegex("<style|\\sstyle\\s*=", RegexOptions.IgnoreCase)]
    private static partial Regex InlineStyle();

    [GeneratedRegex("<script(?![^>]*\\ssrc=)", RegexOptions.IgnoreCase)]
    private static partial Regex InlineScript();

    [GeneratedRegex("<[^>]*\\s(on[a-z]+|hx-on[^=]*)\\s*=\\s*[\"']|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex InlineHandler();

    [GeneratedRegex("(src|href)=\"[~/][^\"@]*\\.(css|js|svg)[\"#]")]
    private static partial Regex PlainAsset();

    [GeneratedRegex("(<(?<kind>icon|plate) name=|<empty-state[^>]* (?<kind>plate)=)\"(?<name>[a-z-]+)\"")]
    private static partial Regex NamedDrawing();
}
