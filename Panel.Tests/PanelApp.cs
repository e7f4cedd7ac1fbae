using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Tests.Data;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Tests;

/// <summary>The whole program on a data directory of its own, reached in memory. Two clients: <see cref="Operator"/> speaks as
/// somebody on the operator's socket, <see cref="Visitor"/> as nobody.</summary>
public sealed class PanelApp : WebApplicationFactory<PanelController>
{
    private const string SocketHeader = "X-Test-Socket";
    private readonly TempFolder folder = new();
    private readonly Dictionary<string, string> settings = [];

    public PanelApp(string provider = DatabaseOptions.Sqlite, params (string Key, string Value)[] more)
    {
        settings["Panel:Data"] = folder.Path;
        settings["Panel:PublicUrl"] = "http://localhost";
        settings["Logging:LogLevel:Default"] = "Warning";
        settings["Mail:Lmtp:Listen"] = "127.0.0.1:0";
        settings["Database:Provider"] = provider;
        if (provider == DatabaseOptions.Postgres)
        {
            settings["Database:Connection"] = PostgresServer.NewDatabase();
        }

        foreach (var (key, value) in more)
        {
            settings[key] = value;
        }
    }

    public static TheoryData<string> Providers => [DatabaseOptions.Sqlite, DatabaseOptions.Postgres];

    /// <summary>Replaces the clock when set before the first use.</summary>
    public ManualTime? Time { get; init; }

    /// <summary>No job runs by itself, for tests that say when.</summary>
    public bool Unscheduled { get; init; }

    /// <summary>Jobs run by themselves also under <see cref="Time"/> and on PostgreSQL, where Quartz keeps its schedule in the database.</summary>
    public bool Scheduled { get; init; }

    /// <summary>Where clients find it: in memory, unless it was started on a port.</summary>
    public Uri At { get; set; } = new("http://localhost");

    public string Folder => folder.Path;

    public static Actor Admin { get; } = Actor.Operator(0);

    public HttpClient Operator()
    {
        var client = Client();
        client.DefaultRequestHeaders.Add(SocketHeader, nameof(SocketKind.Operator));
        return client;
    }

    public HttpClient AgentLink()
    {
        var client = Client();
        client.DefaultRequestHeaders.Add(SocketHeader, nameof(SocketKind.Agent));
        return client;
    }

    /// <summary>The agent of another machine that has joined, as its TLS listener would see it.</summary>
    public HttpClient RemoteAgent(string token)
    {
        var client = Client();
        client.DefaultRequestHeaders.Add(SocketHeader, nameof(SocketKind.Remote));
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    public HttpClient Visitor() => Client();

    /// <summary>Runs <paramref name="act"/> with a front door in a scope of its own, as one request would.</summary>
    public async Task<TResult> WithAsync<TDoor, TResult>(Func<TDoor, Task<TResult>> act)
        where TDoor : notnull
    {
        await using var scope = Services.CreateAsyncScope();
        return await act(scope.ServiceProvider.GetRequiredService<TDoor>());
    }

    /// <summary>Adds a member and returns who they are to a front door.</summary>
    public async Task<Actor> MemberAsync(string handle, bool admin = false)
    {
        var added = await WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m =>
            m.AddAsync(Admin, new NewMember(handle, $"{handle}@example.org", Admin: admin), CancellationToken.None));
        Assert.Null(added.Refused);
        return Actor.Member(added.Value!.Id, handle, admin, Door.Web);
    }

    /// <summary>A client that speaks to the API with a token of the member.</summary>
    public async Task<HttpClient> TokenClientAsync(Actor member, params string[] scopes)
    {
        var token = await WithAsync<ApiTokens, Outcome<TokenAdded>>(t =>
            t.AddAsync(member, member.Name, new NewToken("test", scopes.Length > 0 ? scopes : [.. ApiTokens.Known], 1), CancellationToken.None));
        var client = Visitor();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token.Value!.Token);
        return client;
    }

    private HttpClient Client() => CreateClient(new WebApplicationFactoryClientOptions { AllowAutoRedirect = false, BaseAddress = At });

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureServices(services =>
        {
            services.AddSingleton<IStartupFilter, SocketByHeader>();
            // The shared schedule waits on the database by the clock of the house: under a clock that stands still it would wait for ever.
            // And a test that sets the clock forward says itself which job runs then; one that ran by itself would have done its work before.
            if (Unscheduled || (!Scheduled && (Time is not null || settings["Database:Provider"] == DatabaseOptions.Postgres)))
            {
                services.Remove(services.Single(s => s.ImplementationType?.IsAssignableTo(typeof(Quartz.QuartzHostedService)) == true));
            }

            if (Time is not null)
            {
                services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Time));
            }
        });
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            folder.Dispose();
        }
    }

    /// <summary>The in-memory server has no sockets, so a header of the tests stands for the socket and uid 0 behind it.</summary>
    private sealed class SocketByHeader : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, then) =>
            {
                if (Enum.TryParse<SocketKind>(context.Request.Headers[SocketHeader], out var kind))
                {
                    context.Features.Set(new SocketPeer(kind, 0));
                }

                return then(context);
            });
            next(app);
        };
    }
}
