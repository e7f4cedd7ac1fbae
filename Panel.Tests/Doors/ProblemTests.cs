using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Panel.Web.Api;

namespace Panel.Tests.Doors;

/// <summary>The API says in words what is wrong also where no front door was reached, or one broke.</summary>
public sealed class ProblemTests
{
    [Theory]
    [InlineData("{\"handle\":\"ann\",\"emial\":\"ann@example.org\"}", "emial is not known here")]
    [InlineData("{\"handle\":\"ann\",\n\"email\":[1]}", "(line 2)")]
    [InlineData("{\"handle\":", "handle is not known here")]
    [InlineData("[1", "The body is not the JSON object that is expected")]
    [InlineData("", "body")]
    public async Task A_body_that_cannot_be_read_is_a_400_with_the_place(string body, string words)
    {
        using var app = new PanelApp();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await app.Operator().PostAsync(new Uri("/api/v1/members", UriKind.Relative), content);

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        var detail = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]!;
        Assert.Contains(words, detail, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Panel.", detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_in_use_is_a_503_and_a_mistake_of_ours_a_500_that_tells_nothing_of_it()
    {
        Assert.Equal(503, Broken.Of(new DbUpdateException("x", new SqliteException("database is locked", 5))).Status);
        Assert.Equal(503, Broken.Of(new InvalidOperationException("x", new Npgsql.NpgsqlException("x", new TimeoutException()))).Status);
        var (status, words) = Broken.Of(new InvalidOperationException("the secret of /srv"));
        Assert.Equal(500, status);
        Assert.DoesNotContain("secret", words, StringComparison.Ordinal);
    }
}
