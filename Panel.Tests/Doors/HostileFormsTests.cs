using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Tests.Members;

namespace Panel.Tests.Doors;

/// <summary>Class 1 through every field of every form: what pages take is kept as words or refused, and the page that answers holds no markup of it.</summary>
public sealed partial class HostileFormsTests
{
    private const string Markup = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

    [Fact]
    public async Task Class_1_every_field_of_every_form_takes_hostile_words_as_words_or_refuses_them()
    {
        using var app = new PanelApp { Unscheduled = true };
        var client = await app.SignInAsync("ann", admin: true);
        var kim = await app.MemberAsync("kim");
        var staying = await app.MemberAsync("staying");
        await app.WithAsync<Lists, int>(async l =>
        {
            Assert.Null((await l.AddAsync(kim, "kim", new NewList("web", "Web", "kim@example.org"), default)).Refused);
            return 0;
        });
        var (tried, admins, broken) = (0, 1, new List<string>());
        var token = await TokenAsync(client);
        foreach (var (path, fields) in Forms(app))
        {
            foreach (var field in fields)
            {
                foreach (var words in HostileWordsTests.Words.Append(Markup))
                {
                    var values = fields.Select(f => KeyValuePair.Create(f, f == field ? words : HostileWordsTests.Plain.GetValueOrDefault(char.ToLowerInvariant(f[0]) + f[1..], "")));
                    using var body = new FormUrlEncodedContent(values.Append(KeyValuePair.Create("__RequestVerificationToken", token)));
                    using var answer = await client.PostAsync(path, body);
                    var page = await answer.Content.ReadAsStringAsync();
                    if ((int)answer.StatusCode >= 500 || page.Contains("<script>alert", StringComparison.Ordinal) || page.Contains("<img src=x", StringComparison.Ordinal))
                    {
                        broken.Add($"{path}, {field} = {words[..Math.Min(40, words.Length)]}: {answer.StatusCode}");
                    }

                    tried++;
                }
            }

            // Some forms end a session, as they should.
            if (!(await client.GetAsync("/")).IsSuccessStatusCode)
            {
                client.Dispose();
                client = await app.SignInAsync($"ann{++admins}", admin: true);
                token = await TokenAsync(client);
            }
        }

        client.Dispose();
        Assert.True(broken.Count == 0, string.Join('\n', broken.Take(40)));
        Assert.True(tried > 1000, $"only {tried} were tried");
        Assert.False(File.Exists("/tmp/hostile"));
        Assert.Null((await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, default))).Value!.Broken);
        Assert.Equal("staying@example.org", await app.WithAsync<PanelDb, string?>(db => db.Users.Where(m => m.Id == staying.MemberId).Select(m => m.Email).SingleAsync()));
    }

    /// <summary>Every form of the pages with its text fields as the program binds them. Not those that take a few tries in a quarter of an hour,
    /// which have tests of their own: nobody could ask them this often.</summary>
    private static IEnumerable<(string Path, List<string> Fields)> Forms(PanelApp app)
    {
        foreach (var endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            if (endpoint.Metadata.GetMetadata<ControllerActionDescriptor>() is { } action && endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods is ["POST"] && endpoint.Metadata.GetMetadata<EnableRateLimitingAttribute>() is null)
            {
                var route = HouseRoutes.Of(app).First(r => r.Method == "POST" && r.Text == "/" + (endpoint.RoutePattern.RawText ?? "").TrimStart('/'));
                var fields = action.Parameters.SelectMany(p => FieldsOf(p.ParameterType, p.BindingInfo, p.Name)).Distinct().ToList();
                if (fields.Count > 0)
                {
                    yield return (route.Fill("kim"), fields);
                }
            }
        }
    }

    private static IEnumerable<string> FieldsOf(Type type, BindingInfo? bound, string name) =>
        bound?.BindingSource == BindingSource.Path || bound?.BindingSource == BindingSource.Services || bound?.BindingSource == BindingSource.Body ? []
        : type == typeof(string) || typeof(IEnumerable<string>).IsAssignableFrom(type) ? [bound?.BinderModelName ?? name]
        : type.Assembly == typeof(Panel.Web.Shared.PanelController).Assembly || type.Assembly == typeof(Outcome<>).Assembly
            ? type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.PropertyType == typeof(string) && p.CanWrite).Select(p => p.Name)
        : [];

    private static async Task<string> TokenAsync(HttpClient client) => Token().Match(await client.GetStringAsync("/members/new")).Groups[1].Value;

    [GeneratedRegex("__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
