using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Finger;
using Xunit;

namespace Panel.Tests.Finger;

public class FingerConnectionTests
{
    public static TheoryData<string, string> Dialogues => new()
    {
        { "\r\n", "[|False|]\r\n" },
        { "\n", "[|False|]\r\n" },
        { "/W\r\n", "[|True|]\r\n" },
        { "ann\n", "[ann|False|]\r\n" },
        { "  /w   ann  \r\n", "[ann|True|]\r\n" },
        { "ann@h1@h2\r\n", "[ann|False|h1,h2]\r\n" },
        { "ann\r\nbob\r\ncarol\r\n", "[ann|False|]\r\n" },
        { "../../etc/passwd\r\n", "[../../etc/passwd|False|]\r\n" },
        { "%s%n\r\n", "[%s%n|False|]\r\n" },
        { "\0\r\n", "[\0|False|]\r\n" },
        { new string('x', 510) + "\r\n", "[" + new string('x', 510) + "|False|]\r\n" },
        { new string('x', 513), "That query is too long: 512 bytes at most.\r\n" },
    };

    [Theory]
    [MemberData(nameof(Dialogues))]
    public async Task R1_one_line_one_answer_however_it_arrives(string said, string expected)
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo);

        foreach (var pace in Enum.GetValues<Pace>())
        {
            Assert.Equal(expected, await server.SayAsync(said, pace));
            Assert.Equal(expected, await SayByPipeAsync(server, Encoding.UTF8.GetBytes(said), pace));
        }
    }

    [Fact]
    public async Task R1_the_server_closes_first_and_nothing_is_lost_to_what_follows_the_line()
    {
        var plan = new string('p', 65_000) + "\r\n";
        await using var server = await FingerServer.StartAsync(FingerServer.Always(plan));
        byte[] said = [.. "ann\r\n"u8, .. new byte[60_000]];

        for (var i = 0; i < 20; i++)
        {
            using var socket = await server.ConnectAsync();
            await socket.SendAsync(said);
            Assert.Equal(plan, await FingerServer.ReadAsync(socket));
        }
    }

    [Fact]
    public async Task R1_a_client_that_never_closes_is_left_after_a_second()
    {
        var time = new StoppedTime();
        await using var server = await FingerServer.StartAsync(FingerServer.Echo, time: time);
        using var socket = await server.ConnectAsync();
        await socket.SendAsync("ann\r\n"u8.ToArray());
        await FingerServer.ReadAsync(socket);

        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => Gate(server).Inside == 0);
    }

    [Fact]
    public async Task R12_a_line_without_end_is_refused_and_a_million_bytes_harm_nobody()
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo);
        using var socket = await server.ConnectAsync();

        // Most of the million is never read: the server hangs up after 64 KiB, which the sending side sees as an error.
        var flood = Record.ExceptionAsync(() => socket.SendAsync(new byte[1_000_000]));
        Assert.Equal("That query is too long: 512 bytes at most.\r\n", await server.SayAsync(new byte[60_000]));
        Assert.Equal("[ann|False|]\r\n", await server.SayAsync("ann\r\n"));
        socket.Dispose();
        await flood;
    }

    [Theory]
    [InlineData("", "Nothing was asked. Please send one line.\r\n")]
    [InlineData("ann", "[ann|False|]\r\n")]
    public async Task R12_a_client_that_stops_sending_has_ended_its_line(string said, string expected)
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo);
        using var socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(said));
        socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(expected, await FingerServer.ReadAsync(socket));
    }

    [Fact]
    public async Task A_silent_client_is_told_so_after_ten_seconds()
    {
        var time = new StoppedTime();
        await using var server = await FingerServer.StartAsync(FingerServer.Echo, time: time);
        using var socket = await server.ConnectAsync();
        await socket.SendAsync("an"u8.ToArray());
        var reading = FingerServer.ReadAsync(socket);

        await time.AdvanceUntilAsync(TimeSpan.Zero, () => Gate(server).Inside == 1);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(reading.IsCompleted);
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => reading.IsCompleted);

        Assert.Equal("No query came in time. Please ask again.\r\n", await reading);
    }

    [Fact]
    public async Task A_lookup_that_hangs_or_breaks_is_answered_and_the_server_goes_on()
    {
        var time = new StoppedTime();
        await using var server = await FingerServer.StartAsync(
            async (query, ct) =>
            {
                await Task.Delay(query.Name == "slow" ? Timeout.Infinite : 0, ct);
                throw new InvalidOperationException("The database is gone.");
            },
            time: time);
        using var slow = await server.ConnectAsync();
        await slow.SendAsync("slow\r\n"u8.ToArray());
        var reading = FingerServer.ReadAsync(slow);

        Assert.Equal("Panel cannot look that up just now. Please ask again in a minute.\r\n", await server.SayAsync("ann\r\n"));
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => reading.IsCompleted);
        Assert.Equal("Panel cannot look that up just now. Please ask again in a minute.\r\n", await reading);
    }

    [Fact]
    public async Task A_client_that_takes_nothing_is_cut_off()
    {
        var time = new StoppedTime();
        await using var server = await FingerServer.StartAsync(FingerServer.Always(new string('x', 30_000_000)), time: time);
        using var socket = await server.ConnectAsync();
        await socket.SendAsync("ann\r\n"u8.ToArray());

        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => Gate(server).Inside == 0);
    }

    internal static FingerGate Gate(FingerServer server) => server.Services.GetRequiredService<FingerGate>();

    /// <summary>The same handler between two pipes, without a socket.</summary>
    private static async Task<string> SayByPipeAsync(FingerServer server, byte[] said, Pace pace)
    {
        var (up, down) = (new Pipe(), new Pipe());
        await using var connection = new DefaultConnectionContext(
            "pipe", new Duplex(up.Reader, down.Writer), new Duplex(down.Reader, up.Writer))
        { RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 1) };
        var handling = ActivatorUtilities.CreateInstance<FingerConnection>(server.Services).OnConnectedAsync(connection);
        foreach (var part in FingerServer.Parts(said, pace))
        {
            await up.Writer.WriteAsync(part);
        }

        await up.Writer.CompleteAsync();
        using var answer = new MemoryStream();
        await down.Reader.CopyToAsync(answer);
        await handling;
        return Encoding.UTF8.GetString(answer.ToArray());
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
