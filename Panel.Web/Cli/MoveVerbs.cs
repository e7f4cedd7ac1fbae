using System.CommandLine;
using System.Text.Json.Nodes;
using Panel.Web.Shared;

namespace Panel.Web.Cli;

internal static class MoveVerbs
{
    public static Command Move()
    {
        var handle = new Argument<string>("HANDLE");
        var host = new Argument<string?>("HOST") { Arity = ArgumentArity.ZeroOrOne };
        var cancel = new Option<bool>("--cancel") { Description = "Leave it where it is; possible until it has switched." };
        var move = new Command("move", "Move an account to another host, and wait until it is at home there.") { handle, host, cancel };
        move.Validators.Add(given =>
        {
            if (given.GetValue(cancel) == (given.GetValue(host) is not null))
            {
                given.AddError("Say where to, or --cancel.");
            }
        });
        move.SetAction((given, ct) => given.GetValue(cancel) ? CliDoor.CallAsync(given, HttpMethod.Post, $"/members/{CliDoor.Part(given.GetValue(handle)!)}/moves/cancellation", null, Write, ct) : CliDoor.CallAsync(
            given, HttpMethod.Post, $"/members/{CliDoor.Part(given.GetValue(handle)!)}/moves", new { host = given.GetValue(host), wait = true }, Write, ct, node =>
            {
                var failed = $"{node["state"]}" == "failed";
                if (failed)
                {
                    Screen.Error($"{node["handle"]} stays on {node["from"]}: {node["reason"]}");
                }

                return failed;
            }));
        return move;
    }

    private static void Write(JsonNode node)
    {
        foreach (var step in node["steps"]!.AsArray())
        {
            Screen.Line($"{step}");
        }

        if (node["report"] is { } report)
        {
            Side("from", node["from"]!, report["from"]!);
            Side("to", node["to"]!, report["to"]!);
            foreach (var word in report["same"]!.GetValue<bool>() ? ["Both sides are the same."] : report["differences"]!.AsArray().Select(d => $"{d}"))
            {
                Screen.Line(word);
            }

            foreach (var left in report["left"]?.AsArray() ?? [])
            {
                Screen.Line($"Not carried: {left}");
            }
        }

        if (node["copyUntil"] is { } until)
        {
            Screen.Line($"The old copy stays on {node["from"]} until {until}.");
        }
    }

    private static void Side(string word, JsonNode host, JsonNode side)
    {
        Screen.Line($"{word,-4} {host}: {side["files"]} entries, {Bytes.Words(side["bytes"]!.GetValue<long>())}, SHA-256 {side["sha256"]}");
        foreach (var database in side["databases"]!.AsArray())
        {
            Screen.Line($"     database {database!["name"]}: {database["rows"]!.AsObject().Count} tables, {database["rows"]!.AsObject().Sum(r => r.Value!.GetValue<long>())} rows, dump SHA-256 {database["sha256"]}");
        }
    }
}
