extern alias agent;

using agent::Panel.Agent;

namespace Panel.Tests.Hosting;

public sealed class AgentGrammarTests
{
    private const string Key = "AAAAC3NzaC1lZDI1NTE5AAAAIMLXGdGXYcRaLpzSdlYWh9ZTKx3HJ3QzG8m8rT1cVYkC";

    [Theory]
    [InlineData("ann", true)]
    [InlineData("a1-b2", true)]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcde", true)]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdef", false)]
    [InlineData("a", false)]
    [InlineData("ann-", false)]
    [InlineData("ann--b", false)]
    [InlineData("xn--nn-ska", false)]
    [InlineData("1ann", false)]
    [InlineData("Ann", false)]
    [InlineData("ann\n", false)]
    [InlineData("ann:x:0:0", false)]
    [InlineData("../ann", false)]
    [InlineData("änn", false)]
    public void Handles(string text, bool accepted) => Assert.Equal(accepted, Grammar.IsHandle(text));

    [Theory]
    [InlineData("web.ann.localhost", true)]
    [InlineData("xn--bcher-kva.example", true)]
    [InlineData("localhost", true)]
    [InlineData("_default", false)]
    [InlineData("a..b", false)]
    [InlineData("-a.b", false)]
    [InlineData("a-.b", false)]
    [InlineData("a.b.", false)]
    [InlineData("A.b", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("a b", false)]
    [InlineData("a;b", false)]
    [InlineData("a/b", false)]
    [InlineData("*.b", false)]
    [InlineData("a.b\n", false)]
    [InlineData("bücher.example", false)]
    [InlineData("", false)]
    public void Domains(string text, bool accepted) => Assert.Equal(accepted, Grammar.IsDomain(text));

    [Fact]
    public void A_domain_has_at_most_253_characters_in_labels_of_63()
    {
        var label = new string('a', 63);
        Assert.True(Grammar.IsDomain($"{label}.{label}.{label}.{new string('a', 61)}"));
        Assert.False(Grammar.IsDomain($"{label}.{label}.{label}.{new string('a', 62)}"));
        Assert.False(Grammar.IsDomain(new string('a', 64)));
    }

    [Theory]
    [InlineData("ssh-ed25519 " + Key, true)]
    [InlineData("ssh-rsa " + Key, false)]
    [InlineData("ssh-dss " + Key, false)]
    [InlineData("ssh-ed25519 " + Key + " ann@laptop", false)]
    [InlineData("command=\"sh\" ssh-ed25519 " + Key, false)]
    [InlineData("ssh-ed25519 " + Key + "\nssh-ed25519 " + Key, false)]
    [InlineData("ssh-ed25519 AAAA", false)]
    [InlineData("ssh-ed25519 ", false)]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----", false)]
    public void Keys(string text, bool accepted) => Assert.Equal(accepted, Grammar.IsPublicKey(text));

    [Fact]
    public void The_id_is_what_sha256sum_says() => Assert.Equal("96b53e47", AgentOptions.IdOf("/srv/data"));

    [Fact]
    public void A_wrong_port_stops_the_start_with_its_key_and_what_is_expected()
    {
        var no = Assert.Throws<ArgumentException>(() => AgentOptions.Read([], k => k switch { "Panel__Data" => "/srv/data", "Hosting__SftpPort" => "22x", _ => null }));
        Assert.Equal("Hosting__SftpPort is '22x': expected a number from 1 to 65535.", no.Message);
    }

    [Theory]
    [InlineData(null, "127.0.0.1 [::1]")]
    [InlineData("0.0.0.0, ::", "0.0.0.0 [::]")]
    [InlineData("203.0.113.5", "203.0.113.5 127.0.0.1 [::1]")]
    [InlineData("0.0.0.0", "0.0.0.0 [::1]")]
    public void It_listens_where_it_is_told_and_always_at_loopback(string? told, string expected)
    {
        var options = AgentOptions.Read([], k => k switch { "Panel__Data" => "/srv/data", "Hosting__Listen" => told, _ => null });
        Assert.Equal(expected.Split(' ').Where(a => a != "[::1]" || Ports.Loopbacks.Count > 1), options.Listen);
        var no = Assert.Throws<ArgumentException>(() => AgentOptions.Read([], k => k switch { "Panel__Data" => "/srv/data", "Hosting__Listen" => "everywhere; user root", _ => null }));
        Assert.StartsWith("Hosting__Listen is 'everywhere; user root': expected IP addresses", no.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Root_code_stays_small_enough_to_read_in_an_afternoon()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Panel.sln")))
        {
            root = Path.GetDirectoryName(root)!;
        }

        // The records of the link are words without code, and Panel's as much as the agent's.
        var lines = Directory.EnumerateFiles(Path.Combine(root, "infra", "agent"), "*.cs").Where(f => Path.GetFileName(f) != "DesiredState.cs").SelectMany(File.ReadLines)
            .Count(l => l.Trim() is { Length: > 1 } code && !code.StartsWith("//", StringComparison.Ordinal));
        Assert.InRange(lines, 1, 3500);
    }
}
