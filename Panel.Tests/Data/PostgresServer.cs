using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Panel.Tests.Data;

/// <summary>A PostgreSQL 15 of the tests' own on a free port, started once per run and stopped by its id at the end.
/// Each caller gets a database of its own. <see cref="StartOwn"/> is for tests that stop their server.</summary>
public sealed class PostgresServer : IDisposable
{
    private const string Bin = "/usr/lib/postgresql/15/bin";
    private static readonly Lazy<PostgresServer> Shared = new(() => new PostgresServer());
    private static int databases;
    private readonly string folder = Directory.CreateTempSubdirectory("panel-pg-").FullName;
    private readonly int port = FreePort.Take();
    private Process server;

    private PostgresServer()
    {
        Directory.CreateDirectory(Data);
        Run("chown", "-R", "postgres", folder);
        Run("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", $"{Bin}/initdb", "-D", Data, "-U", "panel", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale");
        server = Launch();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        WaitUntilReady();
    }

    /// <summary>Waits for the disk, as a house does: for measurements. The tests are about killed programs, not about machines that lose their power.</summary>
    public static bool IsDurable { get; set; }

    private string Data => Path.Combine(folder, "data");

    /// <summary>A server that nobody else uses, with one empty database.</summary>
    public static (PostgresServer Server, string Database) StartOwn()
    {
        var own = new PostgresServer();
        return (own, own.Create("own"));
    }

    /// <summary>Connection string of a new, empty database.</summary>
    public static string NewDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");
        return Shared.Value.Create(name);
    }

    /// <summary>As an admin's restart would: every connection is cut and none is let in until <see cref="Begin"/>.</summary>
    public void End()
    {
        if (!server.HasExited)
        {
            Run("kill", "-INT", server.Id.ToString(CultureInfo.InvariantCulture));
            server.WaitForExit(TimeSpan.FromSeconds(20));
        }
    }

    public void Begin()
    {
        server = Launch();
        WaitUntilReady();
    }

    public void Dispose()
    {
        End();
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The kernel sends the signal of --pdeathsig when the thread that started the child ends (prctl(2)), so that
    /// thread stays as long as the server does.</summary>
    private static Process StartBesideUs(ProcessStartInfo start)
    {
        var started = new TaskCompletionSource<Process>();
        var parent = new Thread(() =>
        {
            var process = Process.Start(start)!;
            started.SetResult(process);
            process.WaitForExit();
        })
        { IsBackground = true };
        parent.Start();
        return started.Task.GetAwaiter().GetResult();
    }

    private string Create(string name)
    {
        using var connection = new NpgsqlConnection(To("postgres"));
        connection.Open();
        using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        create.ExecuteNonQuery();
        return To(name);
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo("setpriv")
        {
            ArgumentList =
            {
                "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=SIGINT", $"{Bin}/postgres", "-D", Data, "-p", port.ToString(CultureInfo.InvariantCulture),
                "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={folder}", "-c", "max_connections=400",
                "-c", IsDurable ? "fsync=on" : "fsync=off",
            },
            RedirectStandardError = true,
        };
        var launched = StartBesideUs(start);
        _ = launched.StandardError.ReadToEndAsync();
        return launched;
    }

    private string To(string database) =>
        $"Host=127.0.0.1;Port={port};Username=panel;Database={database};Maximum Pool Size=20;Connection Idle Lifetime=6;Connection Pruning Interval=3;Include Error Detail=true";

    private void WaitUntilReady()
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var connection = new NpgsqlConnection(To("postgres") + ";Pooling=false");
                connection.Open();
                return;
            }
            catch (NpgsqlException) when (deadline.Elapsed < TimeSpan.FromSeconds(60) && !server.HasExited)
            {
                Thread.Yield();
            }
        }
    }

    private static void Run(string program, params string[] args)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', args)} ended with {process.ExitCode}: {output.Result}{error.Result}");
        }
    }
}
