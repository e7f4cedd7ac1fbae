extern alias agent;

using System.Net;
using System.Security.Cryptography.X509Certificates;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Tests.Data;
using AgentLine = agent::Panel.Agent.AgentLink;
using AgentOptions = agent::Panel.Agent.AgentOptions;
using MachineException = agent::Panel.Agent.MachineException;
using RemoteLink = agent::Panel.Agent.RemoteLink;

namespace Panel.Tests.Hosting;

/// <summary>Another machine becomes a host by one line, and then speaks for itself alone (class 17 of the attacks).</summary>
public sealed class RemoteHostTests : IDisposable
{
    private readonly TempFolder machine = new();

    public static TheoryData<string> Providers => PanelApp.Providers;

    public void Dispose() => machine.Dispose();

    [Theory, MemberData(nameof(Providers))]
    public async Task A_line_works_once_and_for_a_day(string provider)
    {
        var time = new ManualTime();
        using var app = new PanelApp(provider) { Time = time };
        var first = await InviteAsync(app, "second");

        var joined = await JoinAsync(app, CodeOf(first));
        Assert.Equal("second", joined.Value!.Host);
        Assert.IsType<NotAllowed>((await JoinAsync(app, CodeOf(first))).Refused);
        Assert.Equal(first.Id, await app.WithAsync<HostInvitations, long?>(h => h.HostOfAsync(joined.Value.Token, default)));

        var late = await InviteAsync(app, "third");
        time.Advance(TimeSpan.FromHours(25));
        Assert.IsType<NotAllowed>((await JoinAsync(app, CodeOf(late))).Refused);
        Assert.IsType<NotAllowed>((await JoinAsync(app, "")).Refused);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Another_machine_with_a_new_line_ends_the_token_of_the_first(string provider)
    {
        using var app = new PanelApp(provider);
        var old = (await JoinAsync(app, CodeOf(await InviteAsync(app, "second")))).Value!.Token;
        var next = await InviteAsync(app, "second");
        Assert.NotNull(await app.WithAsync<HostInvitations, long?>(h => h.HostOfAsync(old, default)));

        var fresh = (await JoinAsync(app, CodeOf(next))).Value!.Token;

        Assert.Null(await app.WithAsync<HostInvitations, long?>(h => h.HostOfAsync(old, default)));
        Assert.NotNull(await app.WithAsync<HostInvitations, long?>(h => h.HostOfAsync(fresh, default)));
    }

    [Fact]
    public async Task Only_an_admin_invites_and_only_machines_with_a_name_of_their_own()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        var own = (await app.WithAsync<Hosts, Outcome<HostPage>>(h => h.ShowAsync(PanelApp.Admin, Hosts.Local, default))).Value!.Name;

        Assert.IsType<NotAllowed>((await app.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(ann, "second", default))).Refused);
        foreach (var name in new[] { "", "local", "A", "a b", "-a", own })
        {
            Assert.NotNull((await app.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(PanelApp.Admin, name, default))).Refused);
        }
    }

    [Fact]
    public async Task The_agent_of_a_joined_machine_gets_its_own_accounts_over_pinned_TLS_and_nothing_else()
    {
        var port = FreePort.Take();
        using var app = new PanelApp(DatabaseOptions.Sqlite, ("Hosting:AgentListen", $"127.0.0.1:{port}"), ("Urls", $"http://127.0.0.1:{FreePort.Take()}"),
            ("Finger:Listen", $"127.0.0.1:{FreePort.Take()}"), ("Mail:Lmtp:Listen", $"127.0.0.1:{FreePort.Take()}"));
        app.UseKestrel();
        app.StartServer();
        await app.MemberAsync("ann");
        var line = (await InviteAsync(app, "second")).Line.Replace("localhost", "127.0.0.1", StringComparison.Ordinal).Split(' ')[^1];

        var other = await Assert.ThrowsAsync<MachineException>(() => RemoteLink.JoinAsync(machine.Path, line.Replace(line.Split('/')[3], new string('A', 43), StringComparison.Ordinal)));
        Assert.Contains("cannot be reached", other.Message, StringComparison.Ordinal);
        await RemoteLink.JoinAsync(machine.Path, line);
        var again = await Assert.ThrowsAsync<MachineException>(() => RemoteLink.JoinAsync(machine.In("other"), line));
        Assert.Contains("refuses this line (403)", again.Message, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(machine.In("link")));

        using var agent = new AgentLine(new AgentOptions { Data = machine.Path, Id = "0badcafe", Socket = machine.In("none.sock"), PanelUid = 0 });
        var answer = await agent.AskAsync("", 0, 0, default);
        Assert.Equal("second", answer.Host);
        Assert.Empty(answer.Accounts); // ann lies on the machine that Panel itself runs on.
        Assert.Equal("live", (await app.WithAsync<Hosts, Outcome<HostPage>>(h => h.ShowAsync(PanelApp.Admin, "second", default))).Value!.State);

        await AnswersNothingElseAsync(port, RemoteLink.Load(machine.Path)!);
    }

    private static async Task AnswersNothingElseAsync(int port, RemoteLink link)
    {
        using var any = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => AgentKey.PinOf((X509Certificate2)shown!) == link.Pin }, AllowAutoRedirect = false }) { BaseAddress = new Uri($"https://127.0.0.1:{port}/") };
        foreach (var path in new[] { "", "sign-in", "api/v1/members", "health/ready", "lists/ann/x" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await any.GetAsync(path)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, (await any.GetAsync("agent/v1/accounts")).StatusCode);
        any.DefaultRequestHeaders.Authorization = new("Bearer", link.Token + "x");
        Assert.Equal(HttpStatusCode.Unauthorized, (await any.GetAsync("agent/v1/accounts")).StatusCode);
        any.DefaultRequestHeaders.Authorization = new("Bearer", link.Token);
        Assert.Equal(HttpStatusCode.OK, (await any.GetAsync("agent/v1/accounts")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await any.GetAsync("api/v1/members")).StatusCode);
    }

    private static string CodeOf(HostInvited invited) => invited.Line.Split('/')[^1];

    private static async Task<HostInvited> InviteAsync(PanelApp app, string name)
    {
        var invited = await app.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(PanelApp.Admin, name, default));
        Assert.Null(invited.Refused);
        return invited.Value!;
    }

    private static Task<Outcome<Panel.Hosting.HostJoined>> JoinAsync(PanelApp app, string code) =>
        app.WithAsync<HostInvitations, Outcome<Panel.Hosting.HostJoined>>(h => h.JoinAsync(code, default));
}
