using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class IssueVerbs
{
    private static readonly Argument<long> Id = new("ID");

    public static Command Issue()
    {
        var issue = new Command("issue", "Newsletters: write, test, send, and see who got it.");
        issue.Subcommands.Add(Add());
        issue.Subcommands.Add(Test());
        issue.Subcommands.Add(Send());
        issue.Subcommands.Add(One("pause", "Let no further mail leave.", HttpMethod.Put, "/pause"));
        issue.Subcommands.Add(One("resume", "Go on with a paused issue.", HttpMethod.Delete, "/pause"));
        issue.Subcommands.Add(One("cancel", "End it for good; whoever was not mailed yet is skipped.", HttpMethod.Post, "/cancellation"));
        issue.Subcommands.Add(One("retry", "Try again those who were refused for good, and nobody else.", HttpMethod.Post, "/retry"));
        issue.Subcommands.Add(One("take-back", "Make a draft again of what has not started.", HttpMethod.Delete, "/dispatch"));
        issue.Subcommands.Add(One("withdraw", "Take a sent issue out of the archive.", HttpMethod.Put, "/withdrawal"));
        issue.Subcommands.Add(One("publish", "Put a withdrawn issue back into the archive.", HttpMethod.Delete, "/withdrawal"));
        issue.Subcommands.Add(One("show", "Show one issue.", HttpMethod.Get, ""));
        issue.Subcommands.Add(One("copy", "A new draft with the same words; prints the new issue.", HttpMethod.Post, "/copies"));
        issue.Subcommands.Add(Ask());
        issue.Subcommands.Add(Approve());
        issue.Subcommands.Add(Report());
        return issue;
    }

    private static Command Add()
    {
        var list = new Argument<string>("HANDLE/NAME");
        var subject = new Option<string>("--subject") { Required = true };
        var markdown = new Option<FileInfo>("--markdown") { Required = true, HelpName = "FILE" };
        var segment = new Option<long?>("--segment") { HelpName = "ID", Description = "For a part of the list only; panel segment list shows the ids." };
        var add = new Command("add", "Write an issue as a draft; prints its id.") { list, subject, markdown, segment };
        list.Validators.Add(given =>
        {
            if (given.Tokens is not [var only] || only.Value.Split('/') is not [{ Length: > 0 }, { Length: > 0 }])
            {
                given.AddError("Name the list as HANDLE/NAME, for example ann/letters.");
            }
        });
        markdown.AcceptExistingOnly();
        add.SetAction(async (given, ct) =>
        {
            var parts = given.GetValue(list)!.Split('/');
            var text = await File.ReadAllTextAsync(given.GetValue(markdown)!.FullName, ct);
            return await CliDoor.CallAsync(
                given, HttpMethod.Post, $"/members/{CliDoor.Part(parts[0])}/lists/{CliDoor.Part(parts[1])}/issues", new { subject = given.GetValue(subject), markdown = text, segment = given.GetValue(segment) },
                node => Screen.Line(node["id"]), ct);
        });
        return add;
    }

    private static Command Test()
    {
        var to = new Option<string>("--to") { Required = true, HelpName = "E" };
        var test = new Command("test", "Send one copy to an address of yours.") { Id, to };
        test.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, $"/issues/{Number(given)}/tests", new { to = given.GetValue(to) },
            node => Screen.Line($"{node["result"]}: {node["code"]} {node["reply"]}"), ct, fails: node => (string?)node["result"] != "sent"));
        return test;
    }

    private static Command Send()
    {
        var at = new Option<string?>("--at") { HelpName = "ISO-8601", Description = "When to send, for example 2026-12-01T09:00:00+01:00; UTC where no offset is given. Without it: now." };
        at.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string?>() is { } text && Time(text) is null)
            {
                given.AddError("--at is a time such as 2026-12-01T09:00:00+01:00.");
            }
        });
        var send = new Command("send", "Send an issue off; until the hold is over it can be taken back whole.") { Id, at };
        send.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, $"/issues/{Number(given)}/dispatch", new { at = given.GetValue(at) is { } text ? Time(text) : null }, Show, ct));
        return send;
    }

    private static Command Approve()
    {
        var version = new Option<string?>("--version-seen") { HelpName = "V", Description = "The version you looked at; without it this prints what there is to look at." };
        var objection = new Option<string?>("--objection") { Description = "What should change, instead of a yes." };
        var approve = new Command("approve", "Say yes or no to an issue of somebody else, as the second person its list asks for.") { Id, version, objection };
        approve.SetAction((given, ct) => CliDoor.CallAsync(
            given, given.GetValue(version) is null ? HttpMethod.Get : HttpMethod.Put, $"/issues/{Number(given)}/approval",
            given.GetValue(version) is { } seen ? new { version = seen, objection = given.GetValue(objection) } : null,
            Standing, ct));
        return approve;
    }

    private static Command Ask()
    {
        var ask = new Command("ask", "Ask the second person of its list to look at a draft; they get a mail.") { Id };
        ask.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, $"/issues/{Number(given)}/approval", null, Standing, ct));
        return ask;
    }

    private static void Standing(JsonNode node)
    {
        Screen.Line($"issue {node["id"]} of {node["handle"]}/{node["list"]}: {node["subject"]}, to {node["people"]} people, {node["to"]}");
        Screen.Line($"version {node["version"]}: {(node["approvedBy"] is { } by ? $"approved by {by}" : node["objection"] is { } no ? $"{node["objectedBy"]} minds: {no}" : (bool)node["asked"]! ? "asked; nobody has answered yet" : "nobody has answered yet")}");
    }

    private static Command Report()
    {
        var deliveries = new Option<bool>("--deliveries") { Description = "Every person, with the receiving server's words." };
        var report = new Command("report", "How an issue fared.") { Id, deliveries };
        report.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Get, $"/issues/{Number(given)}/report{(given.GetValue(deliveries) ? "?deliveries=true" : "")}", null, Counts, ct));
        return report;
    }

    private static Command One(string verb, string help, HttpMethod method, string below)
    {
        var command = new Command(verb, help) { Id };
        command.SetAction((given, ct) => CliDoor.CallAsync(given, method, $"/issues/{Number(given)}{below}", null, Show, ct));
        return command;
    }

    private static void Show(JsonNode node)
    {
        var when = (node["startedAt"] ?? node["startsAt"] ?? node["dueAt"]) is { } at ? $", {at}" : "";
        Screen.Line($"issue {node["id"]} of {node["handle"]}/{node["list"]}: {node["state"]}{when}, {node["mails"]} people. {node["subject"]}");
        Note(node);
    }

    private static void Counts(JsonNode node)
    {
        Screen.Line(
            $"{node["state"]}: {node["recipients"]} recipients = {node["sent"]} sent, {node["failed"]} failed, {node["unknown"]} unknown, {node["skipped"]} skipped, {node["deferred"]} deferred, {node["queued"]} queued");
        Note(node);
        foreach (var row in node["deliveries"]?.AsArray() ?? [])
        {
            Screen.Line($"{row!["state"],-9}  {row["at"]}  {row["email"],-40}  {row["code"]} {row["reply"]} {row["reason"]}");
        }
    }

    private static void Note(JsonNode node)
    {
        if (node["note"] is { } note)
        {
            Screen.Line(note);
        }
    }

    private static string Number(ParseResult given) => given.GetValue(Id).ToString(CultureInfo.InvariantCulture);

    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
