using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Sending;

namespace Panel.Tests.Data;

/// <summary>Panel's own data, copied and brought back (trust.md, "Ways of working").</summary>
public sealed class HouseCopiesTests : IDisposable
{
    private readonly TempFolder data = new();

    public static TheoryData<string> Providers => PanelApp.Providers;

    public void Dispose() => data.Dispose();

    [Theory, MemberData(nameof(Providers))]
    public async Task F10_a_copy_comes_back_as_another_epoch_in_which_nothing_that_waited_is_sent(string provider)
    {
        var (connection, name, epoch) = (provider == DatabaseOptions.Postgres ? PostgresServer.NewDatabase() : "", "", "");
        PanelApp Open() => new(provider, ("Panel:Data", data.Path), ("Database:Connection", connection)) { Unscheduled = true };
        using (var app = Open())
        {
            var ann = await app.MemberAsync("ann");
            // Who would send what is being sent, and find that nobody is left.
            await app.Services.GetServices<IHostedService>().OfType<IssueSender>().Single().StopAsync(default);
            using var hers = await app.TokenClientAsync(ann);
            using var list = await hers.PostAsJsonAsync("/api/v1/members/ann/lists", new { name = "letters", title = "Letters", from = "Ann <ann@example.org>" });
            Assert.Equal(HttpStatusCode.Created, list.StatusCode);
            foreach (var state in new[] { "Sending", "Scheduled", "Held" })
            {
                using var issue = await hers.PostAsJsonAsync("/api/v1/members/ann/lists/letters/issues", new { subject = state, markdown = "Hello" });
                Assert.Equal(HttpStatusCode.Created, issue.StatusCode);
                await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlAsync($"UPDATE issues SET state = {state} WHERE subject = {state}"));
            }

            name = Must(await app.WithAsync<HouseCopies, Outcome<HouseCopy>>(c => c.MakeAsync(PanelApp.Admin, default))).Name;
            epoch = await EpochAsync(app);
            await app.MemberAsync("bob");
            Assert.IsType<NotAllowed>((await app.WithAsync<HouseCopies, Outcome<HouseCopy>>(c => c.MakeAsync(ann, default))).Refused);
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools(); // A restore is another process; this one still has the old file open.
        Assert.Null(await RestoreAsync(provider, connection, name));
        using var again = Open();
        Assert.Equal(["ann"], (await again.WithAsync<Services.Members.Members, IReadOnlyList<MemberPage>>(m => m.ListAsync(PanelApp.Admin, default))).Select(m => m.Handle));
        Assert.NotEqual(epoch, await EpochAsync(again));
        Assert.Equal(
            ["Held Asking", "Scheduled Asking", "Sending Paused"],
            (await again.WithAsync<PanelDb, List<Issue>>(db => db.Set<Issue>().ToListAsync())).Select(i => $"{i.Subject} {i.State}").Order(StringComparer.Ordinal));
        Assert.True(File.Exists(Path.Combine(Directory.EnumerateDirectories(data.Path, "before-restore-*").Single(), "keys", "master")));
    }

    [Fact]
    public async Task A_damaged_or_foreign_copy_and_a_running_Panel_change_nothing()
    {
        string name;
        using (var app = new PanelApp(DatabaseOptions.Sqlite, ("Panel:Data", data.Path)) { Unscheduled = true })
        {
            await app.MemberAsync("ann");
            name = Must(await app.WithAsync<HouseCopies, Outcome<HouseCopy>>(c => c.MakeAsync(PanelApp.Admin, default))).Name;
        }

        var before = await File.ReadAllBytesAsync(data.In("panel.db"));
        Assert.Contains("no copy", await RestoreAsync(DatabaseOptions.Sqlite, "", "../keys"), StringComparison.Ordinal);
        Assert.Contains("no copy", await RestoreAsync(DatabaseOptions.Sqlite, "", "20200101-000000"), StringComparison.Ordinal);
        Directory.CreateDirectory(data.In("run"));
        using (var running = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            File.Delete(data.In("run/panel.sock"));
            running.Bind(new UnixDomainSocketEndPoint(data.In("run/panel.sock")));
            running.Listen();
            Assert.Contains("running", await RestoreAsync(DatabaseOptions.Sqlite, "", name), StringComparison.Ordinal);
        }

        await using (var copy = new FileStream(data.In($"copies/{name}/panel.db"), FileMode.Open))
        {
            copy.Position = 5000;
            copy.Write(new byte[20_000]);
        }

        Assert.NotNull(await RestoreAsync(DatabaseOptions.Sqlite, "", name));
        File.Delete(data.In($"copies/{name}/keys/master"));
        Assert.Contains("not whole", await RestoreAsync(DatabaseOptions.Sqlite, "", name), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(data.In("panel.db")));
    }

    [Fact]
    public async Task A_night_makes_one_copy_and_fourteen_stay()
    {
        var time = new ManualTime();
        using var app = new PanelApp { Time = time, Unscheduled = true };
        for (var night = 0; night < 16; night++)
        {
            await app.WithAsync<HouseCopies, int>(async c =>
            {
                await c.NightlyAsync(Actor.Job, default);
                await c.NightlyAsync(Actor.Job, default);
                return 0;
            });
            time.Advance(TimeSpan.FromDays(1));
        }

        var all = Must(await app.WithAsync<HouseCopies, Outcome<IReadOnlyList<HouseCopy>>>(c => Task.FromResult(c.List(PanelApp.Admin))));
        Assert.Equal(14, all.Count);
        Assert.Equal(all.Count, all.Select(c => c.MadeAt.Date).Distinct().Count());
    }

    private Task<string?> RestoreAsync(string provider, string connection, string name) =>
        HouseRestore.RunAsync(new PanelOptions { Data = data.Path }, new DatabaseOptions { Provider = provider, Connection = connection }, name, DateTimeOffset.UtcNow, default);

    private static Task<string> EpochAsync(PanelApp app) => app.WithAsync<PanelDb, string>(db => db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).Select(s => s.Value).SingleAsync());

    private static T Must<T>(Outcome<T> outcome)
    {
        Assert.True(outcome.Refused is null, outcome.Refused?.Message);
        return outcome.Value!;
    }
}
