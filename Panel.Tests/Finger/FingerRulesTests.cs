using System.Diagnostics;
using System.Net;
using System.Text;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Hosting;

namespace Panel.Tests.Finger;

/// <summary>A house with everybody that the rules speak of, and its finger server on real TCP.</summary>
public sealed class RulesHouse : IAsyncLifetime
{
    public const string Plan = "Zürich\n\ttab $(id) %s\n";

    private readonly PanelApp app = new(more: [("Finger:Host", "here.example"), ("Panel:PublicUrl", "https://panel.example")]) { Time = new ManualTime(), Unscheduled = true };

    internal FingerServer Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var ann = await app.MemberAsync("ann");
        foreach (var handle in new[] { "bea", "cat", "hidden", "suspended", "withheld", "big" })
        {
            await app.MemberAsync(handle);
        }

        await app.SetAsync("ann", new FingerChanges("Ann Artist", Project: "Stairs", Plan: Plan, Listed: true));
        await app.SetAsync("bea", new FingerChanges("Bea Artist", Listed: true));
        await app.SetAsync("cat", new FingerChanges("Cat", "https://cat.example/", "secret", "secret", Shows: []));
        await app.SetAsync("hidden", new FingerChanges("Hidden Artist", Listed: true, Hidden: true));
        await app.SetAsync("withheld", new FingerChanges("Withheld Artist", Listed: true, Withheld: true, WithheldReason: "x"));
        await app.SetAsync("big", new FingerChanges("Big", Plan: string.Concat(Enumerable.Repeat(new string('x', 63) + "\n", 1024))));
        await app.SuspendAsync("suspended");
        await app.PostAsync(ann, "ann", "first");
        Assert.Null((await app.WithAsync<Keys, Outcome<KeyPage>>(k => k.AddAsync(PanelApp.Admin, "ann", new NewKey(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f ann"), CancellationToken.None))).Refused);
        app.Forget();
        Server = await app.ListenAsync();
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
        app.Dispose();
    }
}

/// <summary>Each rule of the server by its name: a whole dialogue over TCP, sent whole, by line and byte by byte, then by nc and telnet.</summary>
public sealed class FingerRulesTests(RulesHouse house) : IClassFixture<RulesHouse>
{
    private const string Nobody = "There is nobody here by that name.\r\n";
    private const string NoForwarding = "Finger forwarding service denied\r\n";
    private const string List = "Login  Name\r\nann    Ann Artist\r\nbea    Bea Artist\r\n";
    private const string Cat = "Login: cat\r\nName: Cat\r\nNo Plan.\r\n";

    private const string Head = "Login: ann\r\nName: Ann Artist\r\nAddress: ann@here.example\r\nLast post: 2026-11-22 12:00 UTC\r\n";
    private const string Tail = "Plan:\r\nZürich\r\n\ttab $(id) %s\r\n\r\n{\r\n\"address\": \"ann@here.example\",\r\n\"name\": \"Ann Artist\",\r\n\"bio\": \"Stairs\",\r\n" +
        "\"messages\": [\r\n{\"text\": \"first\", \"time\": \"20261122120000\"}\r\n],\r\n\"following\": [],\r\n\"replies\": {},\r\n\"properties\": {}\r\n}\r\n";
    private const string Ann = $"{Head}Project: Stairs\r\n{Tail}";
    private const string Wide = $"{Head}On the web: https://panel.example/~ann\r\nFeed: https://panel.example/~ann/atom.xml\r\nFeed: https://panel.example/~ann/feed.json\r\n" +
        $"Feed: https://panel.example/~ann/twtxt.txt\r\nSSH key: {Key} (ssh-ed25519)\r\nPlan of: 2026-11-22 12:00 UTC\r\nProject: Stairs\r\nPosts:\r\n  2026-11-22 12:00 UTC  first\r\n{Tail}";
    private const string Key = "SHA256:KEY";

    public static TheoryData<string, string, string> Rules => new()
    {
        { "R1: one line is answered", "ann\r\nbea\r\n", Ann },
        { "R2: CRLF and UTF-8", "ann\n", Ann },
        { "R3: spaces, lower-case /w, LF alone", "  /w   ann  \n", Wide },
        { "R4: a host", "@elsewhere.example\r\n", NoForwarding },
        { "R5: a user at a host", "ann@elsewhere.example\r\n", NoForwarding },
        { "R6: the list", "\r\n", List },
        { "R7: a user, wide", "/W ann\r\n", Wide },
        { "R8: switched off by the member", "cat\r\n", Cat },
        { "R9: a name that matches several", "artist\r\n", List },
        { "R9: a whole name", "Ann   Artist\r\n", Ann },
        { "R10: /W adds nothing to the list", "/W\r\n", List },
        { "R11: no vending machine", "coke\r\n", Nobody },
        { "R12: a path", "../../etc/passwd\r\n", Nobody },
        { "R12: a format", "%s%n\r\n", Nobody },
        { "R12: only spaces", "   \r\n", List },
        { "R12: NUL", "a\0nn\r\n", Nobody },
        { "R13: two hosts", "/W ann@one.example@two.example\r\n", NoForwarding },
        { "R13: our own host", "ann@here.example\r\n", Ann },
        { "R14: who is hidden is in no list", "Hidden Artist\r\n", Nobody },
        { "R15: /W shows no more than the member allows", "/W cat\r\n", Cat.Replace("No Plan", "On the web: https://panel.example/~cat\r\nNo Plan", StringComparison.Ordinal) },
        { "R17: nothing is run", "$(id)\r\n", Nobody },
        { "R18: hidden", "hidden\r\n", Nobody },
        { "R18: suspended", "suspended\r\n", Nobody },
        { "R18: withheld", "withheld\r\n", Nobody },
    };

    [Theory, MemberData(nameof(Rules))]
    public async Task Each_rule_whole_by_line_and_byte_by_byte_and_by_nc_and_telnet(string rule, string said, string expected)
    {
        var answer = expected.Replace(Key, Fingerprint, StringComparison.Ordinal);
        foreach (var pace in Enum.GetValues<Pace>())
        {
            Assert.True(answer == await house.Server.SayAsync(said, pace), $"{rule}, {pace}");
        }

        Assert.Equal(answer, await ClientAsync("nc", said));
        if (!said.Contains('\0', StringComparison.Ordinal))
        {
            // A terminal's own line ends, and telnet's words about the connection before the answer.
            Assert.EndsWith(answer.ReplaceLineEndings("\n"), (await ClientAsync("telnet", said)).ReplaceLineEndings("\n").Replace("Connection closed by foreign host.\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ann@127.0.0.1", Ann)] // R1, R2
    [InlineData("-l ann@127.0.0.1", Wide)] // R3, R7
    [InlineData("@127.0.0.1", List)] // R6
    [InlineData("-l @127.0.0.1", List)] // R10
    [InlineData("artist@127.0.0.1", List)] // R9
    [InlineData("cat@127.0.0.1", Cat)] // R8
    [InlineData("hidden@127.0.0.1", Nobody)] // R18
    [InlineData("ann@elsewhere.example@127.0.0.1", NoForwarding)] // R13
    public async Task R1_to_R18_by_the_finger_of_Debian(string arguments, string expected) => Assert.EndsWith(
        expected.Replace(Key, Fingerprint, StringComparison.Ordinal).ReplaceLineEndings("\n"), await DebianFingerTests.FingerAsync(house.Server.EndPoint.Port, arguments.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public async Task R12_telnet_commands_a_million_bytes_and_bytes_that_are_no_UTF_8()
    {
        Assert.Equal(Ann, await house.Server.SayAsync([255, 251, 31, .. "an"u8, 255, 242, .. "n\r\n"u8], Pace.ByByte));
        Assert.Equal(Nobody, await house.Server.SayAsync([.. "ann"u8, 0xFF, 0xFF, 0xC3, .. "\r\n"u8]));
        Assert.StartsWith("That query is too long", await house.Server.SayAsync(Enumerable.Repeat((byte)'a', 60_000).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R16_a_plan_of_64_KiB_arrives_whole()
    {
        var answer = await house.Server.SayAsync("big\r\n");

        Assert.Equal(1024, answer.Split("\r\n").Count(l => l == new string('x', 63)));
    }

    private static string Fingerprint { get; } = "SHA256:" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(
        Convert.FromBase64String("AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"))).TrimEnd('=');

    /// <summary>What a client prints until the server closes. The input of telnet stays open, as that of a person does; nc waits for its end.</summary>
    private async Task<string> ClientAsync(string program, string said)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var process = Process.Start(new ProcessStartInfo(program, [IPAddress.Loopback.ToString(), $"{house.Server.EndPoint.Port}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardInputEncoding = new UTF8Encoding(false),
        })!;
        await process.StandardInput.WriteAsync(said);
        await process.StandardInput.FlushAsync(deadline.Token);
        if (program == "nc")
        {
            process.StandardInput.Close();
        }

        var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        process.StandardInput.Close();
        await process.WaitForExitAsync(deadline.Token);
        return output;
    }
}
