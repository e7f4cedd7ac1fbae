using System.Text.Json;
using Panel.Services;
using Panel.Services.Newsletters.Segmenting;

namespace Panel.Web.Api;

internal static class SegmentsApi
{
    public static void MapSegments(this RouteGroupBuilder api)
    {
        var segments = api.MapGroup("/members/{handle}/lists/{name}/segments").Scope("lists");
        segments.MapGet("/", async (string handle, string name, Actor by, Segments all, CancellationToken ct) => (await all.ListAsync(by, handle, name, ct)).ToResult());
        segments.MapPost("/", async (string handle, string name, SegmentWords words, Actor by, Segments all, CancellationToken ct) =>
            RuleOf(words) is { Succeeded: true } rule ? (await all.AddAsync(by, handle, name, words.Name, rule.Value, ct)).ToCreated() : ApiSetup.Refuse(RuleOf(words).Refused!));
        segments.MapPost("/count", async (string handle, string name, SegmentWords words, Actor by, Segments all, CancellationToken ct) =>
            RuleOf(words) is { Succeeded: true } rule ? (await all.CountAsync(by, handle, name, rule.Value, ct)).ToResult() : ApiSetup.Refuse(RuleOf(words).Refused!));
        segments.MapGet("/{id:long}", async (string handle, string name, long id, Actor by, Segments all, CancellationToken ct) => (await all.ShowAsync(by, handle, name, id, ct)).ToResult());
        segments.MapPut("/{id:long}", async (string handle, string name, long id, SegmentWords words, Actor by, Segments all, CancellationToken ct) =>
            RuleOf(words) is { Succeeded: true } rule ? (await all.UpdateAsync(by, handle, name, id, words.Name, rule.Value, ct)).ToResult() : ApiSetup.Refuse(RuleOf(words).Refused!));
        segments.MapDelete("/{id:long}", async (string handle, string name, long id, Actor by, Segments all, CancellationToken ct) => (await all.RemoveAsync(by, handle, name, id, ct)).ToResult());
    }

    private static Outcome<SegmentRule> RuleOf(SegmentWords words) => SegmentRule.Read(words.Rule.ValueKind == JsonValueKind.Undefined ? "null" : words.Rule.GetRawText());

    /// <param name="Rule">The tree, as <see cref="SegmentRule"/> reads it.</param>
    internal sealed record SegmentWords(string? Name, JsonElement Rule);
}
