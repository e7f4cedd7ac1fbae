using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class TaskVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Name = new("NAME");

    public static Command Task()
    {
        var task = new Command("task", "Programs that run as a member on a schedule.");
        task.Subcommands.Add(Add());
        var run = new Command("run", "Run it now and show what it said.") { Handle, Name };
        run.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, $"{One(given)}/runs", null, Write, ct));
        task.Subcommands.Add(run);
        var show = new Command("show", "A task and its last runs.") { Handle, Name };
        show.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, One(given), null, Write, ct));
        task.Subcommands.Add(show);
        var remove = new Command("remove", "It runs no more.") { Handle, Name };
        remove.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Delete, One(given), null, _ => Screen.Line("Removed."), ct));
        task.Subcommands.Add(remove);
        var list = new Command("list", "All tasks of a member.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Line(row!);
            }
        }, ct));
        task.Subcommands.Add(list);
        return task;
    }

    private static Command Add()
    {
        var every = new Option<string>("--every") { Description = "15m, 2h, hourly@20, daily@04:00, weekly@mon@04:00 or monthly@1@04:00, in UTC.", Required = true, HelpName = "WHEN" };
        var limit = new Option<int>("--limit") { Description = "Seconds after which a run is ended.", DefaultValueFactory = _ => 3600, HelpName = "SECONDS" };
        var arguments = new Argument<string[]>("ARGV") { Arity = ArgumentArity.OneOrMore, Description = "After --: the program and its arguments." };
        var add = new Command("add", "A new task.") { Handle, Name, every, limit, arguments };
        add.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, Path(given), new { name = given.GetValue(Name), every = given.GetValue(every), arguments = given.GetValue(arguments), limitSeconds = given.GetValue(limit) }, Line, ct));
        return add;
    }

    private static void Line(JsonNode row) =>
        Screen.Line($"{row["name"],-31}  {row["state"],-9}  {row["every"],-18}  next {row["nextAt"]}  {string.Join(' ', row["arguments"]!.AsArray())}  {row["reason"]}");

    private static void Write(JsonNode row)
    {
        Line(row);
        foreach (var run in row["runs"]!.AsArray())
        {
            Screen.Line($"{run!["startedAt"]}  {(run["exitCode"] is { } code ? $"exit {code}" : "ended")}  {run["milliseconds"]} ms  {run["note"]}");
            Screen.Block($"{run["output"]}");
        }
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/tasks";

    private static string One(ParseResult given) => $"{Path(given)}/{CliDoor.Part(given.GetValue(Name)!)}";
}
