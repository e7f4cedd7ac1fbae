using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Panel.Tests.Data;

/// <summary>A PostgreSQL 15 of the tests' own on a free port, started once per run and stopped by its id at the end.
/// Each caller gets a database of its own.</summary>
public sealed class PostgresServer
{
    private const string Bin = "/usr/lib/postgresql/15/bin";
    private static readonly Lazy<PostgresServer> Shared = new(() => new PostgresServer());
    private static int databases;
    private readonly string folder = Directory.CreateTempSubdirectory("panel-pg-").FullName;
    private readonly int port = FreePort();
    private readonly Process server;

    private PostgresServer()
    {
        var data = Path.Combine(folder, "data");
        Directory.CreateDirectory(data);
        Run("chown", "-R", "postgres", folder);
        Run("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", $"{Bin}/initdb", "-D", data, "-U", "panel", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale");
        var start = new ProcessStartInfo("setpriv")
        {
            ArgumentList =
            {
                "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=SIGINT", $"{Bin}/postgres", "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture),
                "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={folder}", "-c", "max_connections=400",
            },
            RedirectStandardError = true,
        };
        server = StartBesideUs(start);
        _ = server.StandardError.ReadToEndAsync();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
        WaitUntilReady();
    }

    /// <summary>Connection string of a new, empty database.</summary>
    public static string NewDatabase()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref databases)}");
        using var connection = new NpgsqlConnection(Shared.Value.To("postgres"));
        connection.Open();
        using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        create.ExecuteNonQuery();
        return Shared.Value.To(name);
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
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

    private void Stop()
    {
        if (!server.HasExited)
        {
            Run("kill", "-INT", server.Id.ToString(CultureInfo.InvariantCulture));
            server.WaitForExit(TimeSpan.FromSeconds(20));
        }

        Directory.Delete(folder, recursive: true);
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
