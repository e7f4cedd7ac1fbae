using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Panel.Services.Mail;
using Panel.Services.Mail.Lmtp;

namespace Panel.Tests.Mail;

public class LmtpLimitTests
{
    [Fact]
    public async Task Class_19_more_connections_than_may_be_are_told_to_come_again_and_the_others_go_on()
    {
        var options = new MailOptions();
        options.Lmtp.Connections = 2;
        var server = new LmtpConnection(new LmtpDoor(_ => true, (_, _) => Task.FromResult(true)), Options.Create(options), TimeProvider.System, NullLogger<LmtpConnection>.Instance);
        var (first, second) = (new Caller(server), new Caller(server));
        Assert.StartsWith("220 ", await first.HearAsync(), StringComparison.Ordinal);
        Assert.StartsWith("220 ", await second.HearAsync(), StringComparison.Ordinal);

        for (var i = 0; i < 3; i++)
        {
            var over = new Caller(server);
            Assert.Equal("421 4.3.2 2 connections are open already; come again later\r\n", await over.HearAsync());
            await over.Served;
        }

        Assert.StartsWith("250", await first.SayAsync("LHLO mx.example\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("221", await second.SayAsync("QUIT\r\n"), StringComparison.Ordinal);
        await second.Served;
        var next = new Caller(server);
        Assert.StartsWith("220 ", await next.HearAsync(), StringComparison.Ordinal);
        Assert.StartsWith("221", await next.SayAsync("QUIT\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("221", await first.SayAsync("QUIT\r\n"), StringComparison.Ordinal);
    }

    private sealed class Caller
    {
        private readonly Pipe here = new();
        private readonly Pipe there = new();

        public Caller(LmtpConnection server) =>
            Served = server.OnConnectedAsync(new DefaultConnectionContext("1", new Ends(here.Reader, there.Writer), new Ends(there.Reader, here.Writer)));

        public Task Served { get; }

        public async Task<string> HearAsync()
        {
            var read = await there.Reader.ReadAsync();
            var said = Encoding.ASCII.GetString(read.Buffer);
            there.Reader.AdvanceTo(read.Buffer.End);
            return said;
        }

        public async Task<string> SayAsync(string line)
        {
            await here.Writer.WriteAsync(Encoding.ASCII.GetBytes(line));
            return await HearAsync();
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
