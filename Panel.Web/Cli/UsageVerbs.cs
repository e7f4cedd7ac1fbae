using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Panel.Web.Shared;

namespace Panel.Web.Cli;

internal static class UsageVerbs
{
    public static Command Usage()
    {
        var handle = new Argument<string?>("HANDLE") { Arity = ArgumentArity.ZeroOrOne };
        var usage = new Command("usage", "Disk use, and when it will be full.") { handle };
        usage.SetAction((given, ct) => given.GetValue(handle) is { } one
            ? CliDoor.CallAsync(given, HttpMethod.Get, $"/usage/{CliDoor.Part(one)}", null, Line, ct)
            : CliDoor.CallAsync(given, HttpMethod.Get, "/usage", null, node =>
            {
                foreach (var row in node.AsArray())
                {
                    Line(row!);
                }
            }, ct));
        return usage;
    }

    private static void Line(JsonNode row)
    {
        var limit = row["limitBytes"] is { } bytes ? Bytes.Words(bytes.GetValue<long>()) : "no limit";
        var full = row["fullOn"] is { } day ? $", full about {DateOnly.Parse(day.ToString(), CultureInfo.InvariantCulture):yyyy-MM-dd}" : "";
        var counted = row["enforced"]!.GetValue<bool>() ? "" : ", counted only";
        Screen.Line($"{row["handle"],-31}  {Bytes.Words(row["diskBytes"]!.GetValue<long>())} of {limit}{full}{counted}");
    }
}
