using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class DomainVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Name = new("DOMAIN");

    public static Command Domain()
    {
        var domain = new Command("domain", "Names of a member's own that lead to sites.");
        domain.Subcommands.Add(Add());
        var list = new Command("list", "All domains of a member.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["name"],-40}  {row["state"],-8}  {row["site"]}");
            }
        }, ct));
        domain.Subcommands.Add(list);
        var check = new Command("check", "Look the name up in the DNS now; with its proof there it is approved. Exit 1 while it is not.") { Handle, Name };
        check.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, One(given) + "/checks", new { }, Write, ct, Waits));
        domain.Subcommands.Add(check);
        var approve = new Command("approve", "Approve a name that a member has claimed; it is served from then on.") { Handle, Name };
        approve.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Put, One(given) + "/approval", null, _ => Screen.Line("Approved."), ct));
        domain.Subcommands.Add(approve);
        var remove = new Command("remove", "Stop serving a name and set it free.") { Handle, Name };
        remove.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Delete, One(given), null, _ => Screen.Line("Removed."), ct));
        domain.Subcommands.Add(remove);
        return domain;
    }

    private static Command Add()
    {
        var site = new Option<string?>("--site") { Description = "The site it leads to.", HelpName = "NAME" };
        var approve = new Option<bool>("--approve") { Description = "Approve it at once; the operator's word always does." };
        var add = new Command("add", "Add a name; a member's own waits for its proof in the DNS or an admin's approval.") { Handle, Name, site, approve };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, Path(given), new
        {
            name = given.GetValue(Name),
            site = given.GetValue(site),
            approve = given.GetValue(approve),
        }, Write, ct));
        return add;
    }

    private static void Write(JsonNode domain)
    {
        Screen.Line($"{domain["name"]} {(domain["state"]!.GetValue<string>() == "approved" ? "is approved." : "is not approved yet and not served. Put the TXT row into its DNS, then: panel domain check")}");
        foreach (var row in domain["rows"]!.AsArray())
        {
            Screen.Line($"  {row!["type"],-4}  {row["name"]}  {string.Join(' ', row["wanted"]!.AsArray())}  ({row["state"]}{(row["why"] is { } why ? $": {why}" : "")})");
        }
    }

    private static bool Waits(JsonNode domain)
    {
        var waits = domain["state"]!.GetValue<string>() != "approved";
        if (waits)
        {
            Screen.Error($"{domain["name"]} is not proved: {domain["rows"]![0]!["why"]}");
        }

        return waits;
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/domains";

    private static string One(ParseResult given) => $"{Path(given)}/{CliDoor.Part(given.GetValue(Name)!)}";
}
