using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Panel.Hosting;
using Panel.Services;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

public class DatabasesTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_password_is_seen_once_and_the_host_gets_only_its_verifier(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");

        var opened = await AddAsync(app, ann, "shop", "mariadb");
        var diary = await AddAsync(app, ann, "diary", "postgres");

        Assert.Equal(("ann_shop", "ann_shop", "localhost"), (opened.Value!.Database, opened.Value.User, opened.Value.Host));
        using var agent = app.AgentLink();
        var told = (await agent.AskAsync(0)).ToJsonString();
        Assert.DoesNotContain(opened.Value.Password, told, StringComparison.Ordinal);
        Assert.DoesNotContain(diary.Value!.Password, told, StringComparison.Ordinal);
        var databases = (await agent.AskAsync(0))["accounts"]![0]!["databases"]!.AsArray();
        Assert.Equal(["shop Mariadb", "diary Postgres"], databases.Select(d => $"{d!["name"]} {d["engine"]}"));

        var again = await app.WithAsync<Databases, Outcome<DatabaseOpened>>(d => d.ResetAsync(ann, "ann", "shop", CancellationToken.None));
        Assert.NotEqual(opened.Value.Password, again.Value!.Password);
        Assert.Null((await app.WithAsync<Databases, Outcome<Done>>(d => d.RemoveAsync(ann, "ann", "shop", CancellationToken.None))).Refused);
        var left = (await agent.AskAsync(0))["accounts"]![0]!["databases"]!.AsArray();
        Assert.Equal("diary", Assert.Single(left)!["name"]!.ToString());
        using var operate = app.Operator();
        Assert.DoesNotContain(opened.Value.Password, await operate.GetStringAsync("/api/v1/audit"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Class_1_hostile_names_are_refused_in_words_and_the_package_holds(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");
        foreach (var name in new[] { null, "", "Shop", "a_b", "a%", "x`; DROP DATABASE mysql", "a'b", "a\"b", "../x", "$(id)", "a\nb", "a\0", "-a", new('a', 32), "ѕhop" })
        {
            Assert.Equal("name", (await AddAsync(app, ann, name, "mariadb")).Refused!.Field);
        }

        Assert.Equal("engine", (await AddAsync(app, ann, "shop", "oracle")).Refused!.Field);
        Assert.IsType<NotThere>((await AddAsync(app, bob, "shop", "mariadb", "ann")).Refused);
        for (var i = 0; i < 5; i++)
        {
            Assert.Null((await AddAsync(app, ann, $"d{i}", "postgres")).Refused);
        }

        Assert.Contains("room for 5 databases", (await AddAsync(app, ann, "d6", "postgres")).Refused!.Message, StringComparison.Ordinal);
        Assert.Contains("already", (await AddAsync(app, ann, "d1", "mariadb")).Refused!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_state_and_size_are_what_the_host_has_said()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        await AddAsync(app, ann, "shop", "mariadb");
        using var agent = app.AgentLink();
        var asked = await agent.AskAsync(0);
        var revision = asked["revision"]!.GetValue<long>();
        var used = HostingSteps.Used("ann", 5_000_000);
        used["databases"] = new JsonArray(new JsonObject { ["name"] = "shop", ["bytes"] = 4_000_000 });
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync(
            asked["epoch"]!.ToString(), revision, [HostingSteps.Account("ann", revision, ("account", "ann", "Live", null), ("database", "shop", "Live", null))], [used]));
        using var hers = await app.TokenClientAsync(ann);
        var shop = (await hers.GetFromJsonAsync<JsonArray>("/api/v1/members/ann/databases"))![0]!;
        Assert.Equal(("live", 4_000_000L), (shop["state"]!.ToString(), shop["bytes"]!.GetValue<long>()));
    }

    // The example of RFC 7677 section 3: user "user", password "pencil".
    [Fact]
    public void Verifiers_are_those_of_the_two_protocols()
    {
        Assert.Equal(
            "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
            DatabasePassword.Scram("pencil", Convert.FromBase64String("W22ZaJ0SNY7soEsUEjb6gQ==")));
        Assert.Equal("*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29", DatabasePassword.Native("test"));
    }

    private static Task<Outcome<DatabaseOpened>> AddAsync(PanelApp app, Actor by, string? name, string engine, string handle = "") =>
        app.WithAsync<Databases, Outcome<DatabaseOpened>>(d => d.AddAsync(by, handle.Length > 0 ? handle : by.Name, new NewDatabase(name, engine), CancellationToken.None));
}
