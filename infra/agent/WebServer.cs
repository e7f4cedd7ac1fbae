using System.Net;

namespace Panel.Agent;

/// <summary>Our nginx: one configuration, its default answer, and the probe that proves a site is served.</summary>
internal sealed class WebServer(Layout layout, Action<string> log) : IDisposable
{
    private Ports? ports;

    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false }) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 16 << 20 };

    private readonly Daemon daemon = new(
        new DaemonKind(
            "nginx", "/usr/sbin/nginx",
            c => ["-t", "-q", "-c", c, "-e", $"{layout.Log}/nginx-error.log"],
            c => ["-c", c, "-e", $"{layout.Log}/nginx-error.log"],
            Native.SigTerm, Identity.NginxId),
        $"{layout.Nginx}/nginx.conf", $"{layout.Run}/nginx.pid", layout);

    public Running? Running => daemon.Find();

    public string? Converge(Ports chosen)
    {
        ports = chosen;
        Files.Directory(layout.Nginx);
        Files.Directory(layout.Vhosts, Modes.Group, 0, Identity.NginxId);
        Files.Directory(layout.Pages);
        foreach (var (name, html) in NginxConf.Pages)
        {
            Files.PutIfChanged($"{layout.Pages}/{name}", html);
        }

        MakeDefault();
        Names();
        return daemon.Converge(NginxConf.Render(layout, chosen));
    }

    /// <summary>Null when nginx answers for this name from its directory; else the reason in words.</summary>
    public async Task<string?> ProbeAsync(string host, bool suspended, CancellationToken ct)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{ports!.HttpPort}{NginxConf.ProbePath}");
        question.Headers.Host = host;
        try
        {
            using var answer = await http.SendAsync(question, ct);
            var text = await answer.Content.ReadAsStringAsync(ct);
            return suspended
                ? answer.StatusCode == HttpStatusCode.ServiceUnavailable ? null : $"The web server answers {(int)answer.StatusCode} for {host} although it is suspended."
                : answer.IsSuccessStatusCode && text.StartsWith(host + " ", StringComparison.Ordinal) ? null : $"The web server answers {(int)answer.StatusCode} for {host}.";
        }
        catch (Exception no) when (no is HttpRequestException || (no is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return $"The web server does not answer for {host}: {no.Message}";
        }
    }

    /// <summary>What a visitor gets; the code, and the SHA-256 of at most 16 MiB.</summary>
    public async Task<(int Code, string Sha256)> VisitAsync(string host, CancellationToken ct)
    {
        using var question = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{ports!.HttpPort}/") { Headers = { Host = host } };
        using var answer = await http.SendAsync(question, ct);
        return ((int)answer.StatusCode, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await answer.Content.ReadAsByteArrayAsync(ct))));
    }

    public void ReopenLog() => Running?.Signal(Native.SigUsr1);

    /// <summary>Names that send their visitors to another name of the same site, and names that are served by the directory of another;
    /// without them what is there is kept. The whole configuration is checked with the new pairs; refused ones are put back. One reload, and
    /// only when a pair changed.</summary>
    public void Names(IEnumerable<KeyValuePair<string, string>>? canonical = null, IEnumerable<KeyValuePair<string, string>>? wildcards = null)
    {
        var maps = new[] { ("canonical", canonical), ("wildcards", wildcards) }.Select(m =>
        {
            var (place, before) = ($"{layout.Nginx}/{m.Item1}.map", Files.ReadOrNull($"{layout.Nginx}/{m.Item1}.map"));
            return (Place: place, Before: before ?? "", Text: m.Item2 is null ? before ?? "" : string.Concat(m.Item2.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key} {p.Value};\n")), IsNew: before is null);
        }).Where(m => m.IsNew || m.Text != m.Before).ToList();
        maps.ForEach(m => Files.Put(m.Place, m.Text));
        if (maps.Count > 0 && canonical is not null && Running is { } running)
        {
            try
            {
                Commands.Run("/usr/sbin/nginx", "-t", "-q", "-c", $"{layout.Nginx}/nginx.conf", "-e", $"{layout.Log}/nginx-error.log");
                running.Signal(Native.SigHup);
            }
            catch (MachineException refused)
            {
                maps.ForEach(m => Files.Put(m.Place, m.Before));
                log($"Redirects and wildcards stay as they were: {refused.Message}");
            }
        }
    }

    public void Stop() => daemon.Stop();

    public void Dispose() => http.Dispose();

    /// <summary>What unknown names get: a self-signed certificate and 404. The key is readable for nginx' workers, which
    /// open certificates by name while they shake hands.</summary>
    private void MakeDefault()
    {
        var place = $"{layout.Vhosts}/{Vhosts.Default}";
        if (Directory.Exists(place))
        {
            return;
        }

        var staged = $"{layout.Staging}/{Guid.NewGuid():n}";
        Files.Directory(staged, Modes.Group, 0, Identity.NginxId);
        Commands.Run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
            "-subj", "/CN=localhost", "-keyout", $"{staged}/tls.key", "-out", $"{staged}/tls.crt");
        Native.Own($"{staged}/tls.key", 0, Identity.NginxId);
        File.SetUnixFileMode($"{staged}/tls.key", Modes.GroupFile);
        Native.Rename(staged, place);
    }
}
