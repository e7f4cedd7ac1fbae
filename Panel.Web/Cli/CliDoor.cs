using System.CommandLine;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Panel.Services;

namespace Panel.Web.Cli;

/// <summary>How verbs reach the house: over <c>run/panel.sock</c> as the operator, or PANEL_URL with PANEL_TOKEN.</summary>
internal static class CliDoor
{
    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON document.", Recursive = true };

    // Longer than the longest thing that is waited for, which is a backup.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>Calls the API and prints the answer: as JSON when asked, else by <paramref name="print"/>. <paramref name="fails"/>
    /// tells an answer that is a no although the call went well.</summary>
    public static async Task<int> CallAsync(
        ParseResult parsed, HttpMethod method, string path, object? body, Action<JsonNode> print, CancellationToken ct,
        Func<JsonNode, bool>? fails = null)
    {
        using var http = Open();
        using var request = new HttpRequestMessage(method, "/api/v1" + path);
        request.Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body, body.GetType(), options: JsonSerializerOptions.Web));
        var (response, text) = await AskAsync(http, request, ct);
        using (response)
        {
            var kind = response?.Content.Headers.ContentType?.MediaType ?? "";
            if (response is not { IsSuccessStatusCode: true } || kind == "text/html")
            {
                Screen.Error(response is null ? text : kind == "text/html" ? $"What answers at {http.BaseAddress} is not Panel's API." : ReasonOf(response, text));
                return CommandLine.Refused;
            }

            var node = text.Length == 0 ? new JsonObject() : kind.EndsWith("json", StringComparison.Ordinal) ? JsonNode.Parse(text)! : JsonValue.Create(text);
            if (parsed.GetValue(Json))
            {
                Screen.Document(node);
            }
            else
            {
                print(node);
            }

            return fails?.Invoke(node) == true ? CommandLine.Refused : 0;
        }
    }

    /// <summary>Writes what the API sends to a file, which appears when it is whole, and says so.</summary>
    public static async Task<int> SaveAsync(ParseResult parsed, string path, FileInfo to, CancellationToken ct)
    {
        using var http = Open();
        var beside = $"{to.FullName}.part";
        try
        {
            using var response = await http.GetAsync("/api/v1" + path, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode)
            {
                Screen.Error(ReasonOf(response, await response.Content.ReadAsStringAsync(ct)));
                return CommandLine.Refused;
            }

            await using (var file = new FileStream(beside, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                await response.Content.CopyToAsync(file, ct);
            }

            File.Move(beside, to.FullName, overwrite: true);
            if (parsed.GetValue(Json))
            {
                Screen.Document(new JsonObject { ["file"] = to.FullName, ["bytes"] = new FileInfo(to.FullName).Length });
            }
            else
            {
                Screen.Line($"Written to {to.FullName}.");
            }

            return 0;
        }
        catch (Exception no) when (no is HttpRequestException or IOException or UnauthorizedAccessException)
        {
            Screen.Error(no is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } ? NoAnswer : $"The file is not written: {no.Message}");
            return CommandLine.Refused;
        }
    }

    /// <summary>One part of a path, so that a name with a slash stays one part. What would be none, or another path, is no name:
    /// <c>site remove ann ..</c> would ask for the end of ann.</summary>
    public static string Part(string value) =>
        value is "" or "." or ".." ? throw new WrongUsageException($"\"{value}\" is no name.") : Uri.EscapeDataString(value);

    /// <summary>A value after <c>?name=</c>, which may be anything and nothing.</summary>
    public static string Value(string value) => Uri.EscapeDataString(value);

    private static async Task<(HttpResponseMessage? Response, string Text)> AskAsync(HttpClient http, HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            var response = await http.SendAsync(request, ct);
            return (response, await response.Content.ReadAsStringAsync(ct));
        }
        catch (HttpRequestException)
        {
            return (null, NoAnswer);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (null, $"Panel has not answered for {Patience.TotalMinutes:0} minutes. What was asked may still be done: look before you ask again.");
        }
    }

    private static string ReasonOf(HttpResponseMessage response, string text)
    {
        try
        {
            if (JsonNode.Parse(text) is JsonObject problem && problem["detail"] is { } detail)
            {
                return problem["field"] is { } field ? $"{field}: {detail}" : detail.ToString();
            }
        }
        catch (JsonException)
        {
            // Not a problem document: the status below is all there is to say.
        }

        return response.StatusCode == System.Net.HttpStatusCode.Unauthorized
            ? "Panel does not know you: set PANEL_TOKEN to a valid token, or run this as root on Panel's machine."
            : $"Panel answered {(int)response.StatusCode} {response.ReasonPhrase}.";
    }

    private static HttpClient Open()
    {
        if (CliPlace.Now.Open is { } other)
        {
            return other();
        }

        if (Environment.GetEnvironmentVariable("PANEL_URL") is { Length: > 0 } url)
        {
            return Remote(url, Environment.GetEnvironmentVariable("PANEL_TOKEN"));
        }

        var socket = SocketPath();
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, ct) =>
            {
                var unix = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await unix.ConnectAsync(new UnixDomainSocketEndPoint(socket), ct);
                    return new NetworkStream(unix, ownsSocket: true);
                }
                catch
                {
                    unix.Dispose();
                    throw;
                }
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri("http://panel"), Timeout = Patience };
    }

    private static string NoAnswer => Environment.GetEnvironmentVariable("PANEL_URL") is { Length: > 0 } url ? $"Panel does not answer at {url}. Is it running, and is this its address?"
        : $"Panel does not answer at {SocketPath()}. Is it running? Start it with infra/run. If its data lies elsewhere, say where in Panel__Data.";

    private static string SocketPath()
    {
        var options = new PanelOptions { Data = Environment.GetEnvironmentVariable("Panel__Data") ?? "./data" };
        var run = new DirectoryInfo(options.PathOf("run"));
        // No link and no directory when Panel does not run: then the call says so.
        return Path.Combine(run.LinkTarget is null ? run.FullName : run.ResolveLinkTarget(returnFinalTarget: true)!.FullName, "panel.sock");
    }

    private static HttpClient Remote(string url, string? token)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var at) || (at.Scheme != Uri.UriSchemeHttps && at.Scheme != Uri.UriSchemeHttp))
        {
            throw new WrongUsageException($"PANEL_URL is {url}, which is no address such as https://panel.collective.example.");
        }

        var remote = new HttpClient { BaseAddress = at, Timeout = Patience };
        if (token is { Length: > 0 })
        {
            // The header takes no line end; the token itself is not repeated on a screen.
            remote.DefaultRequestHeaders.Authorization = !token.Any(char.IsControl) ? new AuthenticationHeaderValue("Bearer", token)
                : throw new WrongUsageException("PANEL_TOKEN holds a line end or another control character, which no token does.");
        }

        return remote;
    }
}
