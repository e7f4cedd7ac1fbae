using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

public sealed class PlainNameTests
{
    [Theory]
    [InlineData("home/letter.txt", "\"home/letter.txt\"")]
    [InlineData("naïve 写.txt", "\"naïve 写.txt\"")]
    [InlineData("a\nb", """
        "a\u{000A}b"
        """)]
    [InlineData(@"a\u{000A}b", """
        "a\\u{000A}b"
        """)]
    [InlineData("gpj.\u202Eexe", """
        "gpj.\u{202E}exe"
        """)]
    [InlineData("\u001b[2J\u200b\ufffd", """
        "\u{001B}[2J\u{200B}\u{FFFD}"
        """)]
    public void Class_1_and_5_a_name_is_one_line_that_says_which_letters_it_has(string name, string plain) => Assert.Equal(plain, PlainName.Of(name));

    [Fact]
    public void A_name_without_end_is_cut() => Assert.InRange(PlainName.Of(new string('\n', 5000)).Length, 200, 220);
}
