using System.CommandLine;
using System.Text.Json.Nodes;
using Panel.Web.Shared;

namespace Panel.Web.Cli;

internal static class DatabaseVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Name = new("NAME");

    public static Command Database()
    {
        var database = new Command("database", "A member's databases on MariaDB and PostgreSQL.");
        var engine = new Option<string>("--engine") { Description = "mariadb or postgres.", Required = true, HelpName = "E" };
        var add = new Command("add", "A new database; prints its password, once.") { Handle, Name, engine };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, Path(given), new { name = given.GetValue(Name), engine = given.GetValue(engine) }, Opened, ct));
        database.Subcommands.Add(add);
        var reset = new Command("reset", "A new password; the old one opens nothing any more.") { Handle, Name };
        reset.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, $"{One(given)}/password", null, Opened, ct));
        database.Subcommands.Add(reset);
        var remove = new Command("remove", "Take a database out of service.") { Handle, Name };
        remove.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Delete, One(given), null, _ => Screen.Line("Removed."), ct));
        database.Subcommands.Add(remove);
        var list = new Command("list", "All databases of a member.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                var size = row!["bytes"] is { } bytes ? Bytes.Words(bytes.GetValue<long>()) : "not measured yet";
                Screen.Line($"{row["name"],-31}  {row["state"],-9}  {row["engine"],-8}  {row["database"]}  {size}  {row["reason"]}");
            }
        }, ct));
        database.Subcommands.Add(list);
        return database;
    }

    private static void Opened(JsonNode node)
    {
        Screen.Line($"Database and user {node["database"]}, password {node["password"]} (shown this once).");
        Screen.Line(node["socket"] is { } socket ? $"Host localhost, socket {socket}." : $"Host {node["host"]}.");
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/databases";

    private static string One(ParseResult given) => $"{Path(given)}/{CliDoor.Part(given.GetValue(Name)!)}";
}
