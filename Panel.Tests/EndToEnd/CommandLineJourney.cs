namespace Panel.Tests.EndToEnd;

[Collection(Journeys.Name)]
public class CommandLineJourney(House house)
{
    [Fact]
    public async Task From_an_invitation_to_the_reason_why_somebody_was_skipped()
    {
        var (code, output) = await house.RunAsync(Path.Combine(House.Root, "Panel.Tests", "EndToEnd", "journey.sh"));

        Assert.True(code == 0, output);
        Assert.EndsWith("journey complete\n", output, StringComparison.Ordinal);
    }
}
