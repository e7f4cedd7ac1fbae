using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class SegmentVerbs
{
    private const string Grammar =
        "A condition is \"FIELD is VALUE\", \"FIELD contains VALUE\", \"state is left\", \"language is de\", \"joined after 2026-05-01\", \"joined before 2026-05-01\" or \"opened 90\"; \"not\" before it turns it round.";

    private static readonly ListPath Where = new();

    public static Command Segment()
    {
        var name = new Argument<string>("SEGMENT");
        var conditions = new Option<string[]>("--where") { Description = Grammar, AllowMultipleArgumentsPerToken = false };
        var any = new Option<bool>("--any") { Description = "One of the conditions is enough." };
        var rule = new Option<FileInfo?>("--rule") { HelpName = "FILE", Description = "The whole tree as JSON instead." };
        conditions.Validators.Add(given =>
        {
            if ((given.GetValueOrDefault<string[]>() ?? []).FirstOrDefault(c => Read(c) is null) is { } bad)
            {
                given.AddError($"\"{bad}\" is no condition. {Grammar}");
            }
        });
        var add = new Command("add", "Keep a part of a list under a name; prints its id.") { Where.Argument, name, conditions, any, rule };
        add.SetAction(async (given, ct) =>
        {
            var parts = new JsonArray([.. (given.GetValue(conditions) ?? []).Select(c => (JsonNode?)Read(c))]);
            JsonNode? tree = new JsonObject { ["is"] = given.GetValue(any) ? "any" : "all", ["of"] = parts };
            if (given.GetValue(rule) is { } file)
            {
                try
                {
                    tree = JsonNode.Parse(await File.ReadAllTextAsync(file.FullName, ct));
                }
                catch (Exception no) when (no is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
                {
                    Screen.Error($"{file.Name} cannot be read: {no.Message}");
                    return CommandLine.Refused;
                }
            }

            return await CliDoor.CallAsync(
                given, HttpMethod.Post, $"{Where.Of(given)}/segments", new { name = given.GetValue(name), rule = tree }, node => Screen.Line($"{node["id"]}: {node["people"]} people, {node["words"]}"), ct);
        });

        var list = new Command("list", "The segments of a list.") { Where.Argument };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{Where.Of(given)}/segments", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["id"],4}  {row["people"],8}  {row["name"],-24}  {row["words"]}");
            }
        }, ct));

        var id = new Argument<long>("ID");
        var remove = new Command("remove", "Remove a segment; its people stay.") { Where.Argument, id };
        remove.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Delete, $"{Where.Of(given)}/segments/{given.GetValue(id).ToString(CultureInfo.InvariantCulture)}", null, _ => Screen.Line("Removed. The people stay on the list."), ct));
        return new Command("segment", "Named parts of a list.") { add, list, remove };
    }

    private static JsonObject? Read(string condition)
    {
        if (condition.StartsWith("not ", StringComparison.Ordinal))
        {
            return Read(condition[4..]) is { } of ? new JsonObject { ["is"] = "not", ["of"] = of } : null;
        }

        return condition.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["state", "is", var state] => new JsonObject { ["is"] = "state", ["state"] = state },
            ["language", "is", var language] => new JsonObject { ["is"] = "language", ["language"] = language },
            ["joined", "after", var day] => new JsonObject { ["is"] = "joinedAfter", ["day"] = day },
            ["joined", "before", var day] => new JsonObject { ["is"] = "joinedBefore", ["day"] = day },
            ["opened", var days] when int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var count) => new JsonObject { ["is"] = "opened", ["days"] = count },
            [var field, "is", var value] => new JsonObject { ["is"] = "equals", ["field"] = field, ["value"] = value },
            [var field, "contains", var value] => new JsonObject { ["is"] = "contains", ["field"] = field, ["value"] = value },
            _ => null,
        };
    }
}
