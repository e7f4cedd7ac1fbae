extern alias agent;

using System.Net;
using System.Net.Sockets;
using System.Text;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>PHP's <c>mail()</c> on the real host: what the program behind it says to Panel's socket, and as whom.</summary>
public sealed class AgentMailTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    [RootFact]
    public async Task Mail_of_php_reaches_panel_as_the_member_with_its_sender_and_a_refusal_is_in_the_members_log()
    {
        Assert.All((await machine.Panel.SayAsync(Account("ann", 290_351, machine.PublicKey, Site("ann", "web", SiteKind.Php)))).Items, i => Assert.Equal(ItemState.Live, i.State));
        await machine.UploadAsync("ann", "/sites/web/public/m.php", """
            <?php echo mail('you@example.org', 'Hello', "First\n.\nLast", "From: ann@web.ann.localhost\r\nX-A: b", '-fbounce@web.ann.localhost') ? 'sent' : 'refused';
            """);
        Assert.Equal((HttpStatusCode.OK, "refused"), await machine.GetAsync("web.ann.localhost", "/m.php"));
        Assert.Contains("no way to the mail of the house", (await LogAsync()).Output, StringComparison.Ordinal);

        var place = $"{machine.Data}/run/mail.sock";
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(new UnixDomainSocketEndPoint(place));
        File.SetUnixFileMode(place, (UnixFileMode)0b110_110_110);
        door.Listen();
        foreach (var (answer, told) in new[] { ("ok", "sent"), ("From must be yours.", "refused") })
        {
            var page = machine.GetAsync("web.ann.localhost", "/m.php");
            using var peer = await door.AcceptAsync();
            await using var stream = new NetworkStream(peer);
            var message = await new StreamReader(stream, leaveOpen: true).ReadToEndAsync();
            Assert.StartsWith("bounce@web.ann.localhost\n", message, StringComparison.Ordinal);
            foreach (var part in new[] { "To: you@example.org", "Subject: Hello", "X-A: b", "First\n.\nLast" })
            {
                Assert.Contains(part, message.ReplaceLineEndings("\n"), StringComparison.Ordinal);
            }

            var who = new byte[12];
            peer.GetRawSocketOption(1, 17, who);
            Assert.Equal(290_351u, BitConverter.ToUInt32(who, 4));
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer + "\n"));
            peer.Shutdown(SocketShutdown.Both);
            Assert.Equal((HttpStatusCode.OK, told), await page);
        }

        Assert.Contains("mail(): From must be yours.", (await LogAsync()).Output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> LogAsync() =>
        machine.InsideAsync("setpriv", "--reuid=290351", "--regid=290351", "--clear-groups", "cat", $"{machine.Accounts}/ann/private/mail.log");
}
