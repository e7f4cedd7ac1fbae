using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Members;

namespace Panel.Bench.Finger;

/// <summary>Panel's own finger server with its store, log lines and counters, on a data directory of its own.</summary>
internal sealed class PanelFinger : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
    private WebApplication? _app;

    public IPEndPoint EndPoint => BareFinger.PortOf(_app!);

    public static string HandleOf(int i) => string.Create(CultureInfo.InvariantCulture, $"member{i:00000}");

    public static async Task<PanelFinger> StartAsync(int accounts, CancellationToken ct, TimeSpan? patience = null)
    {
        var panel = new PanelFinger();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Configuration.AddInMemoryCollection(
        [
            new("Panel:Data", panel._folder), new("Finger:Listen", "127.0.0.1:0"), new("Finger:Host", "collective.example"),
            new("Finger:ConnectionsPerAddress", "100000"), new("Finger:QueriesPerSecond", "1000000"), new("Finger:LinePatience", (patience ?? TimeSpan.FromSeconds(10)).ToString()),
        ]);
        builder.Logging.AddProvider(new LinesToNowhere());
        builder.Services.AddData(builder.Configuration).AddMembers().AddFinger(builder.Configuration);
        panel._app = builder.Build();
        await FillAsync(panel._app, accounts, ct);
        await panel._app.StartAsync(ct);
        return panel;
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task FillAsync(WebApplication app, int accounts, CancellationToken ct)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync(ct);
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var package = await db.Set<Package>().Select(p => p.Id).FirstAsync(ct);
        for (var i = 0; i < accounts; i++)
        {
            var handle = HandleOf(i);
            db.Add(new Member
            {
                UserName = handle,
                NormalizedUserName = handle.ToUpperInvariant(),
                Email = $"{handle}@example.org",
                Name = $"Member {i}",
                PackageId = package,
                CreatedAt = DateTime.UtcNow,
            });
        }

        await db.SaveChangesAsync(ct);
        var now = DateTime.UtcNow;
        foreach (var id in await db.Users.Select(m => m.Id).ToListAsync(ct))
        {
            var account = new FingerAccount { MemberId = id };
            account.Write(new FingerChanges(Project: "The stairwell", Plan: string.Concat(Enumerable.Repeat("Painting. Opening on Friday, bring a chair.\n", 9)) + id), now);
            db.Add(account);
        }

        await db.SaveChangesAsync(ct);
    }

    /// <summary>Makes every line, as a real log does, and leaves only the disk out.</summary>
    private sealed class LinesToNowhere : ILoggerProvider, ILogger
    {
        private long _bytes;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id is >= 7900 and < 8000)
            {
                Interlocked.Add(ref _bytes, formatter(state, exception).Length);
            }
        }

        public void Dispose()
        {
        }
    }
}
