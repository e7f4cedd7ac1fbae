using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class ListVerbs
{
    public static Command List()
    {
        var handle = new Argument<string>("HANDLE");
        var name = new Argument<string>("NAME");
        var title = new Option<string>("--title") { Required = true };
        var from = new Option<string>("--from") { Required = true, Description = "\"Name <a@b>\"" };
        var address = new Option<string?>("--postal-address") { Description = "The sender's street address, shown at the foot of every issue." };
        var add = new Command("add", "Add a newsletter list.") { handle, name, title, from, address };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, $"/members/{CliDoor.Part(given.GetValue(handle)!)}/lists", new
        {
            name = given.GetValue(name),
            title = given.GetValue(title),
            from = given.GetValue(from),
            postalAddress = given.GetValue(address),
        }, Show, ct));

        var where = new ListPath();
        var show = new Command("show", "Show a list.") { where.Argument };
        show.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, where.Of(given), null, Show, ct));
        var all = new Command("all", "The lists of a member.") { handle };
        all.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"/members/{CliDoor.Part(given.GetValue(handle)!)}/lists", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Show(row!);
            }
        }, ct));
        return new Command("list", "Newsletter lists.") { add, show, all, ListChanges.Set(), ListBundleVerbs.Export(), ListBundleVerbs.Import() };
    }

    public static Command Subscriber()
    {
        var where = new ListPath();
        var file = new Argument<FileInfo>("FILE").AcceptExistingOnly();
        var consent = new Option<string>("--consent") { Required = true, Description = "Where and when these people agreed." };
        var import = new Command("import", "Add the people of a CSV file.") { where.Argument, file, consent };
        import.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, $"{where.Of(given)}/subscribers/import?consent={CliDoor.Value(given.GetValue(consent)!)}",
            Csv(given.GetValue(file)!), node =>
            {
                Screen.Line($"{node["rows"]} rows: {node["added"]} added, {node["known"]} known already, {node["kept"]} kept as they are, {node["refused"]} refused.");
                foreach (var bad in node["bad"]!.AsArray())
                {
                    Screen.Line($"  line {bad!["line"]}: {bad["reason"]}");
                }
            }, ct));

        var state = new Option<string?>("--state") { Description = "pending, confirmed, paused, left, bounced or complained" };
        state.AcceptOnlyFromAmong("pending", "confirmed", "paused", "left", "bounced", "complained");
        var segment = new Option<long?>("--segment") { HelpName = "ID", Description = "Only those of one segment; panel segment list shows the ids." };
        var list = new Command("list", "The people on a list.") { where.Argument, state, segment };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{where.Of(given)}/subscribers?{Query("state", given.GetValue(state))}{Query("segment", given.GetValue(segment)?.ToString(CultureInfo.InvariantCulture))}", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["email"],-40}  {row["state"],-10}  {row["consentAt"]}");
            }
        }, ct));

        var export = new Command("export", "The whole list as CSV on standard output.") { where.Argument };
        export.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{where.Of(given)}/subscribers/export", null, node => Screen.File(node.GetValue<string>()), ct));
        return new Command("subscriber", "The people on a list.") { import, list, export, Returned() };
    }

    private static Command Returned()
    {
        var where = new ListPath();
        var kind = new Option<string?>("--kind") { Description = "hard, soft, progress, complaint, autoReply, reply or unclear" };
        kind.AcceptOnlyFromAmong("hard", "soft", "progress", "complaint", "autoReply", "reply", "unclear");
        var returned = new Command("returned", "What came back by mail: bounces, complaints, replies; the newest first.") { where.Argument, kind };
        returned.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{where.Of(given)}/returned?{Query("kind", given.GetValue(kind))}", null, node =>
        {
            if (node.AsArray().Count == 0)
            {
                Screen.Line("Nothing came back.");
            }

            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["receivedAt"]}  {row["kind"],-9}  {row["email"],-40}  {row["status"]} {row["words"]}{row["subject"]}");
            }
        }, ct));
        return returned;
    }

    private static string Query(string name, string? value) => value is null ? "" : $"{name}={CliDoor.Value(value)}&";

    private static StreamContent Csv(FileInfo file)
    {
        var content = new StreamContent(file.OpenRead());
        content.Headers.ContentType = new("text/csv");
        return content;
    }

    internal static void Show(JsonNode node)
    {
        Screen.Line($"{node["handle"]}/{node["name"]}: {node["title"]}, {node["confirmed"]} confirmed, {node["pending"]} not confirmed, {node["left"]} left, {node["bounced"]} bounced");
        Screen.Line(node["url"]);
        if ((bool?)node["fromApproved"] == false)
        {
            Screen.Line($"{node["fromEmail"]} waits for an admin: panel sender approve");
        }
    }
}

/// <summary>The argument <c>HANDLE/NAME</c> and the API address it stands for.</summary>
internal sealed class ListPath
{
    public ListPath()
    {
        Argument = new Argument<string>("HANDLE/NAME");
        Argument.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<string>()?.Split('/') is not { Length: 2 })
            {
                given.AddError("A list is named HANDLE/NAME, as in ann/letters.");
            }
        });
    }

    public Argument<string> Argument { get; }

    public string Of(ParseResult given)
    {
        var parts = given.GetValue(Argument)!.Split('/');
        return $"/members/{CliDoor.Part(parts[0])}/lists/{CliDoor.Part(parts[1])}";
    }
}
