using Panel.Web.Cli;

namespace Panel.Tests.Web;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("member"), InlineData("list"), InlineData("subscriber"), InlineData("segment"), InlineData("issue"), InlineData("sender"), InlineData("site"), InlineData("domain"), InlineData("database")]
    [InlineData("key"), InlineData("task"), InlineData("host"), InlineData("package"), InlineData("finger"), InlineData("post"), InlineData("follow"), InlineData("backup"), InlineData("audit"), InlineData("usage")]
    public async Task Every_noun_explains_its_verbs(string noun) =>
        Assert.Equal(0, await CommandLine.RunAsync([noun, "--help"]));
}
