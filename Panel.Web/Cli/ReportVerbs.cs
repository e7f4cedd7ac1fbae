using System.CommandLine;

namespace Panel.Web.Cli;

/// <summary>What an admin does after a reader's report.</summary>
internal static class ReportVerbs
{
    public static IEnumerable<Command> All() => [List(), Answer(), Withhold(), Counters()];

    private static Command List()
    {
        var reports = new Command("reports", "Reports of readers: those that wait, then the last that were answered.");
        reports.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, "/finger/reports", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["id"],6}  {row["state"],-9}  {row["handle"],-31}  {row["reason"],-13}  {row["reportedAt"]}  {row["text"]!.GetValue<string>().ReplaceLineEndings(" ")}");
            }
        }, ct));
        return reports;
    }

    private static Command Counters()
    {
        var counters = new Command("counters", "What the finger server was asked since it started.");
        counters.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, "/finger/counters", null, node =>
        {
            foreach (var (result, count) in node["queries"]!.AsObject())
            {
                Screen.Line($"{count,12}  {result}");
            }
        }, ct));
        return counters;
    }

    private static Command Answer()
    {
        var id = new Argument<long>("ID");
        var takeDown = new Option<bool>("--take-down") { Description = "Withhold the account: it answers as if there were no such member." };
        var dismiss = new Option<bool>("--dismiss") { Description = "Leave the account as it is." };
        var reason = new Option<string?>("--reason") { HelpName = "R", Description = "What the member is told; a takedown needs it." };
        var answer = new Command("answer", "Answer a report.") { id, takeDown, dismiss, reason };
        answer.Validators.Add(given =>
        {
            if (given.GetValue(takeDown) == given.GetValue(dismiss))
            {
                given.AddError("Say --take-down or --dismiss.");
            }
        });
        answer.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Put, $"/finger/reports/{given.GetValue(id)}", new { takeDown = given.GetValue(takeDown), reason = given.GetValue(reason) }, node => Screen.Line(node["state"]), ct));
        return answer;
    }

    private static Command Withhold()
    {
        var handle = new Argument<string>("HANDLE");
        var reason = new Option<string?>("--reason") { HelpName = "R", Description = "What the member is told." };
        var end = new Option<bool>("--end") { Description = "Give it back to the member." };
        var withhold = new Command("withhold", "Keep an account from answering, after a report.") { handle, reason, end };
        withhold.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Put, $"/members/{CliDoor.Part(given.GetValue(handle)!)}/finger", new { withheld = !given.GetValue(end), withheldReason = given.GetValue(reason) },
            node => Screen.Line($"{node["address"]} {(node["withheld"]!.GetValue<bool>() ? "is withheld." : "is given back.")}"), ct));
        return withhold;
    }
}
