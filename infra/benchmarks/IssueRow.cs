using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Tests;

namespace Panel.Bench;

/// <summary>Messages per second of one run.</summary>
/// <param name="Panel">A whole issue: frozen, sent and finished, the ledger on SQLite with durable commits.</param>
/// <param name="Source">Postfix's smtp-source into the same sink, connections reused, nothing recorded; for a signed issue the signatures of all cores, nothing else.</param>
public sealed record IssueFigures(double Panel, double Source, double BytesPerMail)
{
    public double Ratio => Panel / Source;
}

/// <summary>The row "issue into a sink" of speed.md: our whole sender against Postfix's load generator, in turns.</summary>
public static class IssueRow
{
    public const double Target = 0.75;

    /// <summary>One warm-up and <paramref name="runs"/> interleaved runs.</summary>
    public static async Task<IReadOnlyList<IssueFigures>> MeasureAsync(int mails = 20_000, int connections = 8, int runs = 3, string? dkim = null)
    {
        var port = FreePort.Take();
        using var sink = Start("smtp-sink", "-u", "nobody", $"127.0.0.1:{port}", "1024");
        try
        {
            await using var house = await IssueHouse.StartAsync(port, connections, mails, dkim is not null);
            var (size, warm) = await house.SendAsync();
            async Task<double> LimitAsync() => dkim is null ? mails / (await SourceAsync(port, connections, mails, size)).TotalSeconds : Signatures.PerSecond(TimeSpan.FromSeconds(3));
            await LimitAsync();
            var figures = new List<IssueFigures>();
            for (var run = 0; run < runs; run++)
            {
                var limit = await LimitAsync();
                var (bytes, took) = await house.SendAsync();
                figures.Add(new IssueFigures(mails / took.TotalSeconds, limit, bytes));
            }

            return figures;
        }
        finally
        {
            sink.Kill(entireProcessTree: true);
            await sink.WaitForExitAsync();
        }
    }

    internal static async Task<TimeSpan> SourceAsync(int port, int connections, int mails, int size)
    {
        var clock = Stopwatch.StartNew();
        using var source = Start(
            "smtp-source", "-d", "-s", Text(connections), "-l", Text(size), "-m", Text(mails), "-f", "a@a.example", "-t", "b@b.example", $"127.0.0.1:{port}");
        await source.WaitForExitAsync();
        return source.ExitCode == 0 ? clock.Elapsed : throw new InvalidOperationException($"smtp-source ended with {source.ExitCode}: {await source.StandardError.ReadToEndAsync()}");
    }

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A house without pages: the front doors, the sender and SQLite on a folder of its own.</summary>
    private sealed class IssueHouse(IHost host, string folder) : IAsyncDisposable
    {
        // About 9 KB as it leaves, like a newsletter with some text in two parts.
        private static readonly string Words = string.Concat(Enumerable.Repeat("Dear {name|friend}, here is what happened in the studio this month. ", 32));

        public static async Task<IssueHouse> StartAsync(int port, int connections, int mails, bool dkim)
        {
            var folder = Directory.CreateTempSubdirectory("panel-bench-").FullName;
            var builder = Host.CreateApplicationBuilder();
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Panel:Data"] = folder,
                ["Mail:Transport"] = "smtp",
                ["Mail:Smtp:Port"] = Text(port),
                ["Mail:Smtp:Connections"] = Text(connections),
                ["Newsletters:Hold"] = "00:00:00",
                ["Newsletters:Dkim"] = dkim ? "true" : "false",
            });
            builder.Services.AddData(builder.Configuration).AddMembers();
            builder.Services.AddMail(builder.Configuration).AddNewsletters(builder.Configuration);
            Services.Hosting.HostingSetup.AddHosting(builder.Services, builder.Configuration);
            var house = new IssueHouse(builder.Build(), folder);
            await house.PrepareAsync(mails);
            return house;
        }

        public async Task<(int Bytes, TimeSpan Took)> SendAsync()
        {
            var issue = (await WithAsync<Issues, IssuePage>(i => i.AddAsync(Actor.Operator(0), "bench", "letters", new IssueWords("Hello {name|friend}", Words), default))).Id;
            var bytes = (await WithAsync<Issues, IssuePreview>(i => i.PreviewAsync(Actor.Operator(0), issue, default))) is var p ? p.Html.Length + p.Text.Length + 1_500 : 0;
            var clock = Stopwatch.StartNew();
            await WithAsync<Dispatches, IssuePage>(d => d.SendAsync(Actor.Operator(0), issue, null, default));
            while ((await WithAsync<Issues, IssuePage>(i => i.ShowAsync(Actor.Operator(0), issue, default))).State != IssueState.Sent)
            {
                await Task.Delay(100);
            }

            return (bytes, clock.Elapsed);
        }

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
            Directory.Delete(folder, recursive: true);
        }

        private async Task PrepareAsync(int mails)
        {
            await using (var scope = host.Services.CreateAsyncScope())
            {
                await scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync();
            }

            await host.StartAsync();
            await WithAsync<Members, MemberAdded>(m => m.AddAsync(Actor.Operator(0), new NewMember("bench", "bench@example.org"), default));
            await using (var scope = host.Services.CreateAsyncScope())
            {
                var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
                db.Set<Package>().Single().Mails = int.MaxValue;
                await db.SaveChangesAsync();
            }

            await WithAsync<Lists, ListPage>(l => l.AddAsync(Actor.Operator(0), "bench", new NewList("letters", "Letters", "Bench <letters@bench.example>", "1 Main Street"), default));
            var csv = new StringBuilder("email,name\n");
            for (var n = 0; n < mails; n++)
            {
                csv.Append(CultureInfo.InvariantCulture, $"p{n}@d{n % 50}.example,Person {n}\n");
            }

            using var file = new MemoryStream(Encoding.UTF8.GetBytes(csv.ToString()));
            await WithAsync<Subscribers, ImportReport>(s => s.ImportAsync(Actor.Operator(0), "bench", "letters", file, "made for the benchmark", default));
        }

        private async Task<T> WithAsync<TDoor, T>(Func<TDoor, Task<Outcome<T>>> act)
            where TDoor : notnull
        {
            await using var scope = host.Services.CreateAsyncScope();
            var outcome = await act(scope.ServiceProvider.GetRequiredService<TDoor>());
            return outcome.Succeeded ? outcome.Value : throw new InvalidOperationException(outcome.Refused.Message);
        }
    }
}
