using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class HostVerbs
{
    // The machine that Panel runs on, when no other is named.
    private const string Local = "local";

    public static Command Host()
    {
        var host = new Command("host", "The machines that carry accounts.");
        var list = new Command("list", "All hosts.");
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, "/hosts", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Line(row!);
            }
        }, ct));
        host.Subcommands.Add(list);
        var named = new Argument<string>("NAME");
        var add = new Command("add", "Prints the line that makes another machine a host; again for a new line.") { named };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, "/hosts", new JsonObject { ["name"] = given.GetValue(named) }, node =>
        {
            Screen.Line($"Install Panel's agent on {node["name"]} and run there as root, once, before {node["until"]}:\n{node["line"]}");
            if (node["hint"] is { } hint)
            {
                Screen.Line(hint);
            }
        }, ct));
        host.Subcommands.Add(add);
        var show = new Command("show", "State, revision and accounts of a host.") { named };
        show.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given.GetValue(named)), null, Write, ct));
        host.Subcommands.Add(show);
        host.Subcommands.Add(Ask("plan", "What a pass would do; does nothing.", HttpMethod.Post, "/plans", Steps));
        host.Subcommands.Add(Ask("converge", "Run a full pass now and wait for it.", HttpMethod.Post, "/passes", node =>
            Screen.Line($"{node["host"]} is through after {node["milliseconds"]} ms.")));
        host.Subcommands.Add(Ask("confirm", "After a restored database: what is marked as removed may be taken away again.", HttpMethod.Put, "/removals", Line));
        foreach (var more in DriftVerbs.All())
        {
            host.Subcommands.Add(more);
        }

        return host;
    }

    private static Command Ask(string verb, string help, HttpMethod method, string below, Action<JsonNode> print)
    {
        var name = new Argument<string?>("NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "Without it: the machine that Panel runs on." };
        var command = new Command(verb, help) { name };
        command.SetAction((given, ct) => CliDoor.CallAsync(given, method, Path(given.GetValue(name)) + below, null, print, ct));
        return command;
    }

    private static string Path(string? name) => $"/hosts/{CliDoor.Part(name ?? Local)}";

    private static void Line(JsonNode host) =>
        Screen.Line($"{host["name"],-31}  {host["state"],-8}  revision {host["revision"]} (reported {host["reportedRevision"]})  {host["accounts"]!.AsArray().Count} accounts");

    private static void Write(JsonNode host)
    {
        Line(host);
        if (host["reason"] is { } reason)
        {
            Screen.Line(reason);
        }

        foreach (var account in host["accounts"]!.AsArray())
        {
            Screen.Line($"  {account!["handle"],-31}  {account["state"],-9}  {account["sites"]} sites  {account["reason"]}");
        }

        foreach (var orphan in host["orphans"]!.AsArray())
        {
            Screen.Line($"  {orphan,-31}  orphan     found there, not known here, left running");
        }
    }

    private static void Steps(JsonNode answer)
    {
        var steps = answer["steps"]!.AsArray();
        // What a step changes in a text is indented below it.
        var count = steps.Count(s => !s!.GetValue<string>().StartsWith(' '));
        Screen.Line(count switch { 0 => "Nothing to do.", 1 => "One step:", _ => $"{count} steps:" });
        foreach (var step in steps)
        {
            Screen.Line($"  {step}");
        }
    }
}
