using System.CommandLine;
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
        return new Command("list", "Newsletter lists.") { add, show };
    }

    public static Command Subscriber()
    {
        var where = new ListPath();
        var file = new Argument<FileInfo>("FILE").AcceptExistingOnly();
        var consent = new Option<string>("--consent") { Required = true, Description = "Where and when these people agreed." };
        var import = new Command("import", "Add the people of a CSV file.") { where.Argument, file, consent };
        import.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, $"{where.Of(given)}/subscribers/import?consent={CliDoor.Part(given.GetValue(consent)!)}",
            Csv(given.GetValue(file)!), node =>
            {
                Console.WriteLine($"{node["rows"]} rows: {node["added"]} added, {node["known"]} known already, {node["kept"]} kept as they are, {node["refused"]} refused.");
                foreach (var bad in node["bad"]!.AsArray())
                {
                    Console.WriteLine($"  line {bad!["line"]}: {bad["reason"]}");
                }
            }, ct));

        var state = new Option<string?>("--state") { Description = "pending, confirmed, paused, left, bounced or complained" };
        state.AcceptOnlyFromAmong("pending", "confirmed", "paused", "left", "bounced", "complained");
        var list = new Command("list", "The people on a list.") { where.Argument, state };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{where.Of(given)}/subscribers{(given.GetValue(state) is { } only ? $"?state={only}" : "")}", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Console.WriteLine($"{row!["email"],-40}  {row["state"],-10}  {row["consentAt"]}");
            }
        }, ct));

        var export = new Command("export", "The whole list as CSV on standard output.") { where.Argument };
        export.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{where.Of(given)}/subscribers/export", null, node => Console.Write(node.GetValue<string>()), ct));
        return new Command("subscriber", "The people on a list.") { import, list, export };
    }

    private static StreamContent Csv(FileInfo file)
    {
        var content = new StreamContent(file.OpenRead());
        content.Headers.ContentType = new("text/csv");
        return content;
    }

    private static void Show(JsonNode node) => Console.WriteLine(
        $"{node["handle"]}/{node["name"]}: {node["title"]}, {node["confirmed"]} confirmed, {node["pending"]} not confirmed, {node["left"]} left\n{node["url"]}");
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
