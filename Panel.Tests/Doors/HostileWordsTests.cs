using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Tests.Doors;

/// <summary>Class 1, through every field of every body that the API of the running program takes: a string that means something to a shell, a
/// database, a terminal or a parser is kept as it is or refused with its field, and never breaks anything. Forms and commands go through the
/// same front doors.</summary>
public sealed class HostileWordsTests
{
    internal static readonly string[] Words =
    [
        "x; touch /tmp/hostile", "$(touch /tmp/hostile)", "`id`", "a\nb: c", "a\r\nX-Injected: 1", "nul\0byte", "-rf", "--help", "%s%n%p", "|id", "'; DROP TABLE members; --", "\" OR \"\"=\"", "EOF\nid\nEOF",
        "../../etc/passwd", "\u001b]0;owned\u0007", "\u202egnp.exe", "\ud83d\ude00", new('A', 70_000), "\\", "{{7*7}}", "${jndi:x}", "\ufeff", " ", "",
    ];

    internal static readonly Dictionary<string, string> Plain = new(StringComparer.Ordinal)
    {
        ["name"] = "fresh",
        ["email"] = "fresh@example.org",
        ["handle"] = "fresh",
        ["title"] = "Title",
        ["from"] = "ann@example.org",
        ["fromEmail"] = "ann@example.org",
        ["kind"] = "static",
        ["engine"] = "mariadb",
        ["schedule"] = "daily 03:00",
        ["every"] = "daily 03:00",
        ["domain"] = "ann.example",
        ["address"] = "bob@example.org",
        ["subject"] = "Subject",
        ["markdown"] = "Words",
        ["text"] = "Words",
        ["key"] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",
        ["language"] = "en",
        ["command"] = "/bin/true",
        ["package"] = "standard",
    };

    [Fact]
    public async Task Class_1_every_field_of_every_body_takes_hostile_words_as_words_or_refuses_them()
    {
        using var app = new PanelApp { Unscheduled = true };
        var ann = await app.MemberAsync("ann", admin: true);
        var staying = await app.MemberAsync("staying");
        using var client = await app.TokenClientAsync(ann);
        await app.WithAsync<Lists, int>(async l =>
        {
            Assert.Null((await l.AddAsync(ann, "ann", new NewList("web", "Web", "ann@example.org"), default)).Refused);
            return 0;
        });
        await client.PostAsJsonAsync("/api/v1/members/ann/sites", new { name = "web", kind = "static" });
        var tried = 0;
        foreach (var (method, path, fields) in Bodies(app))
        {
            foreach (var field in fields)
            {
                foreach (var words in Words)
                {
                    var body = new JsonObject();
                    foreach (var other in fields)
                    {
                        body[other.Name] = other == field ? ValueOf(other.Type, words) : Plain.TryGetValue(other.Name, out var plain) ? ValueOf(other.Type, plain) : null;
                    }

                    using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = JsonContent.Create(body) };
                    using var answer = await client.SendAsync(request);
                    Assert.True((int)answer.StatusCode < 500, $"{method} {path}, {field.Name} = {words[..Math.Min(40, words.Length)]}: {answer.StatusCode}");
                    tried++;
                }
            }
        }

        Assert.True(tried > 1000, $"only {tried} were tried");
        Assert.False(File.Exists("/tmp/hostile"));
        Assert.Null((await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, default))).Value!.Broken);

        // Whatever was taken: no name carries a sign that a path, a command or a protocol would read, and nobody else was touched.
        var names = await app.WithAsync<PanelDb, List<string>>(async db => [
            .. await db.Set<Services.Hosting.Site>().Select(s => s.Name).ToListAsync(), .. await db.Set<Services.Hosting.MemberDatabase>().Select(d => d.Name).ToListAsync(),
            .. await db.Set<Services.Hosting.MemberTask>().Select(t => t.Name).ToListAsync(), .. await db.Set<Services.Hosting.SiteDomain>().Select(d => d.Name).ToListAsync(),
            .. await db.Set<MailingList>().Select(l => l.Name).ToListAsync(), .. await db.Users.Select(m => m.UserName!).ToListAsync()]);
        Assert.All(names, n => Assert.Matches(@"\A[a-z0-9][a-z0-9.-]*\z", n));
        Assert.Equal("staying@example.org", await app.WithAsync<PanelDb, string?>(db => db.Users.Where(m => m.Id == staying.MemberId).Select(m => m.Email).SingleAsync()));
    }

    /// <summary>Every body of JSON, with its fields as the program reads them. Nothing is removed and nobody is signed out meanwhile.</summary>
    private static IEnumerable<(string Method, string Path, List<(string Name, Type Type)> Fields)> Bodies(PanelApp app)
    {
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var body = endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
            var method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is [var first, ..] ? first : null;
            if (body is not null && method is "POST" or "PUT" or "PATCH" && endpoint.RoutePattern.RawText?.TrimStart('/').StartsWith("api/v1/", StringComparison.Ordinal) == true)
            {
                var route = HouseRoutes.Of(app).First(r => r.Method == method && r.Text == "/" + endpoint.RoutePattern.RawText.TrimStart('/'));
                var fields = body!.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.PropertyType == typeof(string) || typeof(IEnumerable<string>).IsAssignableFrom(p.PropertyType))
                    .Select(p => (System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(p.Name), p.PropertyType)).ToList();
                if (fields.Count > 0)
                {
                    yield return (method!, route.Fill("ann"), fields);
                }
            }
        }
    }

    private static JsonNode ValueOf(Type type, string words) => type == typeof(string) ? JsonValue.Create(words)! : new JsonArray(JsonValue.Create(words));
}
