using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class PackageVerbs
{
    private static readonly Argument<string> Name = new("NAME");

    public static Command Package()
    {
        var package = new Command("package", "What members may use.");
        package.Subcommands.Add(Add());
        package.Subcommands.Add(List());
        package.Subcommands.Add(Remove());
        return package;
    }

    private static Command Add()
    {
        var disk = new Option<long>("--disk") { Required = true, HelpName = "BYTES" };
        var sites = Count("--sites");
        var databases = Count("--databases");
        var domains = Count("--domains");
        var lists = Count("--lists");
        var mails = Count("--mails");
        var (daily, weekly, monthly) = (Keep("--keep-daily", 7), Keep("--keep-weekly", 4), Keep("--keep-monthly", 6));
        var add = new Command("add", "Add a package.") { Name, disk, sites, databases, domains, lists, mails, daily, weekly, monthly };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, "/packages", new
        {
            name = given.GetValue(Name),
            diskBytes = given.GetValue(disk),
            sites = given.GetValue(sites),
            databases = given.GetValue(databases),
            domains = given.GetValue(domains),
            lists = given.GetValue(lists),
            mails = given.GetValue(mails),
            keepDaily = given.GetValue(daily),
            keepWeekly = given.GetValue(weekly),
            keepMonthly = given.GetValue(monthly),
        }, Write, ct));
        return add;
    }

    private static Command List()
    {
        var list = new Command("list", "All packages.");
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, "/packages", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Write(row!);
            }
        }, ct));
        return list;
    }

    private static Command Remove()
    {
        var remove = new Command("remove", "Remove a package that nobody has.") { Name };
        remove.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Delete, $"/packages/{CliDoor.Part(given.GetValue(Name)!)}", null, _ => Screen.Line("Removed."), ct));
        return remove;
    }

    private static Option<int> Keep(string name, int usual) => new(name) { HelpName = "N", DefaultValueFactory = _ => usual, Description = "How many backups stay: the newest of each of so many." };

    private static Option<int> Count(string name) => new(name) { Required = true, HelpName = "N" };

    private static void Write(JsonNode row) => Screen.Line(
        $"{row["name"],-31}  disk {row["diskBytes"]}  sites {row["sites"]}  databases {row["databases"]}  domains {row["domains"]}  lists {row["lists"]}  mails {row["mails"]}  members {row["members"]}");
}
