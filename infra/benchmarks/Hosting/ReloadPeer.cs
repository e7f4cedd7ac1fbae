using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Panel.Tests;

namespace Panel.Bench.Hosting;

/// <summary>What the panels of the field do: a server block per site and a reload per change, a useradd per account.</summary>
internal sealed record PeerFigures(int Sites, double ReloadMilliseconds, double AccountsPerSecond);

internal static class ReloadPeer
{
    public static async Task<PeerFigures> MeasureAsync(int sites, int accounts)
    {
        var root = Directory.CreateTempSubdirectory("panel-peer-").FullName;
        using var holder = Start("unshare", "--mount", "--propagation", "private", "--", "sleep", "infinity");
        try
        {
            // Users of its own: /etc of the machine stays as it is.
            await RunAsync("cp", "-a", "/etc", $"{root}/etc");
            await RunAsync("nsenter", "-m", "-t", Text(holder.Id), "--", "mount", "--bind", $"{root}/etc", "/etc");
            Directory.CreateDirectory($"{root}/blocks");
            Directory.CreateDirectory($"{root}/www");
            await File.WriteAllTextAsync($"{root}/www/index.html", "here");
            var port = FreePort.Take();
            await File.WriteAllTextAsync($"{root}/nginx.conf", $$"""
                user root; worker_processes 2; pid {{root}}/pid; error_log {{root}}/error.log;
                events { worker_connections 1024; }
                http { access_log off; server_names_hash_max_size 65536; server_names_hash_bucket_size 128; include {{root}}/blocks/*; server { listen 127.0.0.1:{{port}} default_server; return 404; } }

                """);
            await RunAsync("/usr/sbin/nginx", "-c", $"{root}/nginx.conf");
            using var visitor = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            try
            {
                async Task<double> ChangeAsync(string name)
                {
                    var clock = Stopwatch.StartNew();
                    await File.WriteAllTextAsync($"{root}/blocks/{name}", Block(root, port, name));
                    await RunAsync("/usr/sbin/nginx", "-t", "-q", "-c", $"{root}/nginx.conf");
                    await RunAsync("/usr/sbin/nginx", "-s", "reload", "-c", $"{root}/nginx.conf");
                    while (await VisitAsync(visitor, $"{name}.peer.localhost") != HttpStatusCode.OK)
                    {
                        await Task.Delay(1);
                    }

                    return clock.Elapsed.TotalMilliseconds;
                }

                var there = 0;
                async Task FillAsync(int blocks)
                {
                    for (; there < blocks; there++)
                    {
                        await File.WriteAllTextAsync($"{root}/blocks/site{there}", Block(root, port, $"site{there}"));
                    }

                    await ChangeAsync($"warm{blocks}");
                }

                // Seconds an account takes, while so many sites are there already.
                async Task<double> AccountAsync(int blocks)
                {
                    await FillAsync(blocks);
                    var clock = Stopwatch.StartNew();
                    for (var i = 0; i < accounts; i++)
                    {
                        await RunAsync("nsenter", "-m", "-t", Text(holder.Id), "--", "useradd", "--create-home", "--home-dir", $"{root}/home{blocks}x{i}", $"peer{blocks}x{i}");
                        await ChangeAsync($"account{blocks}x{i}");
                    }

                    return clock.Elapsed.TotalSeconds / accounts;
                }

                // The mean of a thousand from three places of the way.
                var perSecond = 4 / (await AccountAsync(0) + (2 * await AccountAsync(500)) + await AccountAsync(1_000));
                await FillAsync(sites);
                var found = new List<double>();
                for (var i = 0; i < 5; i++)
                {
                    found.Add(await ChangeAsync($"change{i}"));
                }

                return new PeerFigures(sites, found.Order().ElementAt(2), perSecond);
            }
            finally
            {
                await RunAsync("/usr/sbin/nginx", "-s", "stop", "-c", $"{root}/nginx.conf");
            }
        }
        finally
        {
            holder.Kill();
            await RunAsync("rm", "-rf", "--", root);
        }
    }

    private static string Block(string root, int port, string name) => new StringBuilder("server { listen 127.0.0.1:").Append(port).Append("; server_name ").Append(name)
        .Append(".peer.localhost; root ").Append(root).Append("/www; location ~ \\.php$ { fastcgi_pass unix:/run/nowhere.sock; } }\n").ToString();

    private static async Task<HttpStatusCode> VisitAsync(HttpClient visitor, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };
        try
        {
            using var answer = await visitor.SendAsync(request);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            // A worker that is being replaced hangs up on those who wait for it: not there yet.
            return HttpStatusCode.ServiceUnavailable;
        }
    }

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var words = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program}: {words}");
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
