using System.CommandLine;

namespace Panel.Web.Cli;

/// <summary>Verbs of <c>panel host</c> about what was changed by hand and what was asked of a host.</summary>
internal static class DriftVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Name = new("NAME") { DefaultValueFactory = _ => "local", Description = "Without it: the machine that Panel runs on." };

    public static IEnumerable<Command> All()
    {
        var drift = new Command("drift", "What was changed by hand, and whether it was put back.") { Name };
        drift.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{Path(given)}/drift", null, node =>
        {
            foreach (var one in node.AsArray())
            {
                Screen.Line($"{one!["foundAt"]}  {one["handle"]}  {one["state"]}");
                foreach (var line in one["lines"]!.AsArray())
                {
                    Screen.Line($"  {line}");
                }
            }
        }, ct));
        yield return drift;
        foreach (var (verb, help, method) in new[] { ("pin", "Leave an account as it was changed by hand.", HttpMethod.Put), ("unpin", "Put it back at the next full pass.", HttpMethod.Delete) })
        {
            var command = new Command(verb, help) { Handle, Name };
            command.SetAction((given, ct) => CliDoor.CallAsync(given, method, $"{Path(given)}/pins/{CliDoor.Part(given.GetValue(Handle)!)}", null, _ => Screen.Line("Done."), ct));
            yield return command;
        }

        var operations = new Command("operations", "What was asked of a host, by whom, and what came of it.") { Name };
        operations.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{Path(given)}/operations", null, node =>
        {
            foreach (var one in node.AsArray())
            {
                Screen.Line($"{one!["id"],6}  {one["askedAt"]}  {one["work"],-9}  {one["state"],-7}  {one["milliseconds"],6} ms  {one["askedBy"]}  {one["about"]} {one["reason"]}");
            }
        }, ct));
        yield return operations;
    }

    private static string Path(ParseResult given) => $"/hosts/{CliDoor.Part(given.GetValue(Name)!)}";
}
