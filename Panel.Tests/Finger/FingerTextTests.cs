using System.Buffers;
using System.Text;
using Panel.Services.Finger;
using Xunit;

namespace Panel.Tests.Finger;

public class FingerTextTests
{
    [Theory]
    [InlineData("one\ntwo\r\nthree", "one\r\ntwo\r\nthree")]
    [InlineData("a\rb", "a^Mb")]
    [InlineData("tab\there", "tab\there")]
    [InlineData("\u001b[2J", "^[[2J")]
    [InlineData("\0\u0001\u007f", "^@^A^?")]
    [InlineData("\u0085\u009b31m", "\\x85\\x9B31m")]
    [InlineData("Zürich – 東京 🐙", "Zürich – 東京 🐙")]
    public void R2_controls_are_shown_and_lines_end_in_CRLF(string text, string shown) =>
        Assert.Equal(shown, Written(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void R20_bytes_that_are_not_UTF8_are_shown_as_numbers()
    {
        Assert.Equal("caf\\xE9!", Written([.. "caf"u8, 0xE9, .. "!"u8]));
        Assert.Equal("\\xE6\\x9D", Written([0xE6, 0x9D]));
        Assert.Equal("\\xED\\xA0\\x80", Written([0xED, 0xA0, 0x80]));
        Assert.Equal("\\xC0\\xAF", Written([0xC0, 0xAF]));
        Assert.Equal("\\xFF\\xFE", Written([0xFF, 0xFE]));
    }

    [Fact]
    public void R2_a_field_of_one_line_stays_one_line()
    {
        var to = new ArrayBufferWriter<byte>();

        FingerText.WriteLine(to, "Project: ", "one\r\nPlan:\nforged");

        Assert.Equal("Project: one^M^JPlan:^Jforged\r\n", Encoding.UTF8.GetString(to.WrittenSpan));
    }

    [Fact]
    public void R16_what_may_not_be_saved_is_named_with_its_place()
    {
        var faults = FingerText.Faults("fine\r\n\ttab\nbad \u001b and 🐙\u0085\n\rx\ud800", lines: true).ToList();

        Assert.Equal(["line 3, column 5: ^[ (U+001B)", "line 3, column 12: U+0085", "line 4, column 1: ^M (U+000D)", "line 4, column 3: U+D800"],
            faults.Select(f => f.ToString()));
        Assert.Empty(FingerText.Faults("Zürich\n– 東京 🐙\r\n\tend", lines: true));
        Assert.Equal(2, FingerText.Faults("two\r\nlines", lines: false).Count());
    }

    private static string Written(ReadOnlySpan<byte> text)
    {
        var to = new ArrayBufferWriter<byte>();
        FingerText.Write(to, text);
        return Encoding.UTF8.GetString(to.WrittenSpan);
    }
}
