using System.CommandLine;
using System.Text.Json.Nodes;
using Panel.Services;
using Panel.Services.Data;
using Panel.Web.Shared;

namespace Panel.Web.Cli;

internal static class HouseVerbs
{
    public static Command House()
    {
        var house = new Command("house", "Panel's own data, and the key of the backups.");
        var copy = new Command("copy", "Copy database and keys now.");
        copy.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, "/house/copies", null, Line, ct));
        house.Subcommands.Add(copy);
        var copies = new Command("copies", "All copies, newest first.");
        copies.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, "/house/copies", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Line(row!);
            }
        }, ct));
        house.Subcommands.Add(copies);
        var file = new Argument<FileInfo>("FILE");
        var key = new Command("key", "Write the key that opens every backup to a file; keep it where the backups are not.") { file };
        key.SetAction((given, ct) => CliDoor.SaveAsync(given, "/house/backup-key", given.GetValue(file)!, ct));
        house.Subcommands.Add(key);
        house.Subcommands.Add(Restore());
        return house;
    }

    /// <summary>The one verb that works while Panel does not run, because it must not.</summary>
    private static Command Restore()
    {
        var name = new Argument<string>("NAME");
        var restore = new Command("restore", "Bring a copy back while Panel is stopped. Nothing is sent or taken away afterwards until somebody has looked.") { name };
        restore.SetAction(async (given, ct) =>
        {
            var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
            var panel = configuration.GetSection("Panel").Get<PanelOptions>() ?? new PanelOptions();
            var database = configuration.GetSection("Database").Get<DatabaseOptions>() ?? new DatabaseOptions();
            if (await HouseRestore.RunAsync(panel, database, given.GetValue(name)!, TimeProvider.System.GetUtcNow(), ct) is { } no)
            {
                Screen.Error(no);
                return CommandLine.Refused;
            }

            if (given.GetValue(CliDoor.Json))
            {
                Screen.Document(new JsonObject { ["restored"] = given.GetValue(name) });
            }
            else
            {
                Screen.Line($"Restored {given.GetValue(name)}. Start Panel, look at the hosts and at the issues that wait, and let them go on.");
            }

            return 0;
        });
        return restore;
    }

    private static void Line(JsonNode row) => Screen.Line($"{row["name"]}  {Bytes.Words(row["bytes"]!.GetValue<long>()),10}");
}
