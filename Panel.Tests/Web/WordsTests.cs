using Panel.Web.Shared;
using Xunit;

namespace Panel.Tests.Web;

public sealed class WordsTests
{
    private static readonly DateTime Now = new(2026, 11, 22, 16, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1_023, "1023 bytes")]
    [InlineData(1_536, "1.5 KB")]
    [InlineData(641_728_512, "612 MB")]
    [InlineData(1_073_741_824, "1 GB")]
    [InlineData(1_073_700_000, "1 GB")]
    [InlineData(5_368_709_120, "5 GB")]
    public void Bytes_are_said_as_packages_count_them(long bytes, string words) => Assert.Equal(words, Bytes.Words(bytes));

    [Theory]
    [InlineData(10, "just now")]
    [InlineData(50, "1 min ago")]
    [InlineData(7_200, "2 h ago")]
    [InlineData(90_000, "yesterday")]
    [InlineData(260_000, "3 days ago")]
    [InlineData(30 * 86_400, "23 Oct 2026")]
    public void A_past_time_is_said_from_now(int seconds, string words) => Assert.Equal(words, WhenTag.Ago(Now.AddSeconds(-seconds), Now));

    [Fact]
    public void A_coming_time_is_said_exactly() => Assert.Equal("Tue 24 Nov 2026, 09:00 UTC", WhenTag.Ago(new DateTime(2026, 11, 24, 9, 0, 0, DateTimeKind.Utc), Now));

    [Theory]
    [InlineData("live", "good")]
    [InlineData("pending", "wait")]
    [InlineData("failed", "bad")]
    [InlineData("suspended", "off")]
    [InlineData("something new", "wait")]
    public void A_state_has_one_kind(string state, string kind) => Assert.Equal(kind, StateDotTag.Kind(state));

    [Fact]
    public void A_chart_uses_the_whole_width_and_keeps_its_stroke_inside()
    {
        var line = LineChartTag.Line([new("1 Nov", 0), new("2 Nov", 5), new("3 Nov", 10)]);
        Assert.Equal("M0 76L150 40L300 4", line);
    }

    [Fact]
    public void A_chart_of_nothing_is_a_flat_line() => Assert.Equal("M0 76L300 76", LineChartTag.Line([new("a", 0), new("b", 0)]));
}
