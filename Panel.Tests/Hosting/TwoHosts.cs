using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Members;
using Panel.Tests.Data;

namespace Panel.Tests.Hosting;

/// <summary>A house whose accounts lie on two machines that have joined it: one here, one in a network of its own.</summary>
internal sealed class TwoHosts : IAsyncLifetime
{
    // One network for each house of the tests that is up at a time.
    private static int networks = Environment.ProcessId % 100 * 2;
    private readonly int network = Interlocked.Increment(ref networks) % 250 + 1;
    private readonly int port = FreePort.Take();

    /// <param name="standing">Its clock stands still until the test moves it.</param>
    public TwoHosts(bool standing = true)
    {
        App = new PanelApp(DatabaseOptions.Sqlite, ("Hosting:AgentListen", $"0.0.0.0:{port}"), ("Urls", $"http://127.0.0.1:{FreePort.Take()}"),
            ("Finger:Listen", $"127.0.0.1:{FreePort.Take()}"), ("Mail:Lmtp:Listen", $"127.0.0.1:{FreePort.Take()}"))
        { Time = standing ? Time : null, Unscheduled = standing };
        One = new AgentMachine(() => LineAsync("one", "127.0.0.1"));
        Two = new AgentMachine(() => LineAsync("two", House), network, One.HttpPort);
    }

    /// <summary>Where the second machine finds this one.</summary>
    public string House => $"10.213.{network}.1";

    /// <summary>Where this one finds the second machine. Both answer http at the same port, as hosts of one house do.</summary>
    public string AddressOfTwo => $"10.213.{network}.2";

    public ManualTime Time { get; } = new();

    public PanelApp App { get; }

    public AgentMachine One { get; }

    public AgentMachine Two { get; }

    public async Task InitializeAsync()
    {
        if (RootFactAttribute.Missing is null)
        {
            App.UseKestrel();
            App.StartServer();
            await Task.WhenAll(One.InitializeAsync(), Two.InitializeAsync());
            await AgentMachine.UntilAsync(async () => (await HostsAsync()).Count(h => h.ReportedAt is not null) == 2);
        }
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(One.DisposeAsync(), Two.DisposeAsync());
        await App.DisposeAsync();
    }

    public async Task<IReadOnlyList<HostPage>> HostsAsync() => (await App.WithAsync<Hosts, Outcome<IReadOnlyList<HostPage>>>(h => h.ListAsync(PanelApp.Admin, default))).Value!;

    public async Task<Actor> MemberAsync(string handle, string host)
    {
        var added = Must(await App.WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m => m.AddAsync(PanelApp.Admin, new NewMember(handle, $"{handle}@example.org", Host: host), default)));
        var member = Actor.Member(added.Id, handle, false, Door.Web);
        foreach (var machine in new[] { One, Two })
        {
            Must(await App.WithAsync<Keys, Outcome<KeyPage>>(k => k.AddAsync(member, handle, new NewKey(machine.PublicKey), default)));
        }

        return member;
    }

    public async Task SiteAsync(Actor by, string name, string kind) => Must(await App.AddSiteAsync(by, by.Name, name, kind));

    public async Task<DatabaseOpened> DatabaseAsync(Actor by, string name, string engine) =>
        Must(await App.WithAsync<Databases, Outcome<DatabaseOpened>>(d => d.AddAsync(by, by.Name, new NewDatabase(name, engine), default)));

    public Task LiveAsync(string handle, string site) => AgentMachine.UntilAsync(async () => (await App.SiteAsync(PanelApp.Admin, handle, site)).State == "live");

    public async Task<MovePage> MoveAsync(string handle, string host) => Must(await App.WithAsync<Moves, Outcome<MovePage>>(m => m.MoveAsync(PanelApp.Admin, handle, host, default)));

    public async Task<MovePage> LastMoveAsync(string handle) => Must(await App.WithAsync<Moves, Outcome<IReadOnlyList<MovePage>>>(m => m.ListAsync(PanelApp.Admin, handle, default)))[0];

    public Task<int> ContinueAsync() => App.WithAsync<Moves, int>(async m =>
    {
        await m.ContinueAsync(Actor.Job, default);
        return 0;
    });

    public Task RemovalsAsync() => App.WithAsync<Removals, int>(async r =>
    {
        await r.ContinueAsync(Actor.Job, default);
        return 0;
    });

    public async Task RemoveAsync(string handle) => Must(await App.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.RemoveAsync(PanelApp.Admin, handle, default)));

    public async Task<IReadOnlyList<BackupPage>> BackupsAsync(string handle) => Must(await App.WithAsync<Backups, Outcome<IReadOnlyList<BackupPage>>>(b => b.ListAsync(PanelApp.Admin, handle, default)));

    /// <summary>After the clock was moved: both agents have called again.</summary>
    public Task SeenAsync() => AgentMachine.UntilAsync(async () => (await HostsAsync()).Count(h => h.State == "live") == 2);

    /// <summary>The database is another one now, as after a restore.</summary>
    public async Task RestoreAsync()
    {
        await App.WithAsync<PanelDb, int>(db => db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).ExecuteUpdateAsync(set => set.SetProperty(s => s.Value, "restored")));
        Time.Advance(TimeSpan.FromMinutes(1));
        await AgentMachine.UntilAsync(async () => (await HostsAsync()).Count(h => h.RemovalsHeldAt is not null) == 2);
    }

    public async Task ConvergeAsync(string host) => Must(await App.WithAsync<HostWork, Outcome<HostAnswer>>(w => w.ConvergeAsync(PanelApp.Admin, host, default)));

    public async Task ConfirmAsync(string host) => Must(await App.WithAsync<Hosts, Outcome<HostPage>>(h => h.ConfirmRemovalsAsync(PanelApp.Admin, host, default)));

    /// <summary>A page of the second machine, asked inside it; empty when the answer is an error.</summary>
    public async Task<string> FromTwoAsync(string host, string path) =>
        (await Two.InsideAsync("curl", "-fsS", "--max-time", "20", "-H", $"Host: {host}", $"http://127.0.0.1:{Two.HttpPort}{path}")) is (0, var text) ? text : "";

    private async Task<string> LineAsync(string name, string address)
    {
        var line = Must(await App.WithAsync<HostInvitations, Outcome<HostInvited>>(h => h.InviteAsync(PanelApp.Admin, name, default))).Line.Split(' ')[^1];
        return $"https://{address}:{port}{new Uri(line).AbsolutePath}";
    }

    private static T Must<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.Refused is null, outcome.Refused?.Message);
        return outcome.Value!;
    }
}
