using System.Text;
using Panel.Services.Finger;
using Xunit;

namespace Panel.Tests.Finger;

public class FingerQueryTests
{
    [Theory]
    [InlineData("\r\n", "", false)]
    [InlineData("\n", "", false)]
    [InlineData("", "", false)]
    [InlineData("   \r\n", "", false)]
    [InlineData("/W\r\n", "", true)]
    [InlineData("/w \n", "", true)]
    [InlineData("ann\r\n", "ann", false)]
    [InlineData("ann\n", "ann", false)]
    [InlineData("ann\r", "ann", false)]
    [InlineData("ann\r\0", "ann", false)]
    [InlineData("  ann  \r\n", "ann", false)]
    [InlineData("/W ann\r\n", "ann", true)]
    [InlineData("   /w    ann   \r\n", "ann", true)]
    [InlineData("\t/W\tann\r\n", "ann", true)]
    [InlineData("Ann   Artist\r\n", "Ann Artist", false)]
    [InlineData("ann /W\r\n", "ann /W", false)]
    [InlineData("/W /W\r\n", "/W", true)]
    [InlineData("/Wann\r\n", "/Wann", false)]
    [InlineData("ann\r\nbob\r\n", "ann", false)]
    public void R3_a_local_query(string line, string name, bool wide)
    {
        var query = Parse(line);

        Assert.Equal((name, wide), (query.Name, query.Wide));
        Assert.Empty(query.Hosts);
    }

    [Theory]
    [InlineData("@h\r\n", "", false, "h")]
    [InlineData("ann@h\r\n", "ann", false, "h")]
    [InlineData("/W ann@h1@h2\r\n", "ann", true, "h1,h2")]
    [InlineData("/W @h\r\n", "", true, "h")]
    [InlineData("/W@h\r\n", "", true, "h")]
    [InlineData("ann @ h \r\n", "ann", false, "h")]
    [InlineData("ann@\r\n", "ann", false, "")]
    public void R3_a_query_for_elsewhere(string line, string name, bool wide, string hosts)
    {
        var query = Parse(line);

        Assert.Equal((name, wide, hosts), (query.Name, query.Wide, string.Join(',', query.Hosts)));
    }

    [Theory]
    [InlineData("ann@here.example", 0)]
    [InlineData("ann@HERE.example.", 0)]
    [InlineData("@here.example", 0)]
    [InlineData("ann@here.example@here.example", 0)]
    [InlineData("ann@elsewhere.example@here.example", 1)]
    [InlineData("ann@here.example@elsewhere.example", 2)]
    [InlineData("ann@", 1)]
    public void R13_our_own_name_is_no_forwarding(string line, int left) =>
        Assert.Equal(left, Parse(line).At("here.example").Hosts.Count);

    [Fact]
    public void R12_telnet_commands_are_skipped()
    {
        byte[] will = [255, 251, 31], window = [255, 250, 31, 0, 10, 0, 13, 255, 240], mark = [255, 242], doubled = [255, 255];

        Assert.Equal("ann", Parse([.. will, .. "a"u8, .. window, .. "n"u8, .. mark, .. "n\r\n"u8]).Name);
        Assert.Equal("ann\uFFFD", Parse([.. "ann"u8, .. doubled, .. "\r\n"u8]).Name);
        Assert.Equal("", Parse([255]).Name);
        Assert.Equal("", Parse([255, 253]).Name);
        Assert.Equal("", Parse([255, 250, 1, 2, 3]).Name);
    }

    [Fact]
    public void A_window_size_that_holds_a_line_feed_does_not_end_the_line()
    {
        Span<byte> line = stackalloc byte[64];

        Assert.False(TelnetLine.Read([255, 250, 31, 0, 80, 0, 10, 255, 240, .. "ann"u8], line, out var length));
        Assert.Equal("ann", Encoding.ASCII.GetString(line[..length]));
    }

    private static FingerQuery Parse(string line) => Parse(Encoding.UTF8.GetBytes(line));

    private static FingerQuery Parse(ReadOnlySpan<byte> line) => FingerQuery.Parse(line);
}
