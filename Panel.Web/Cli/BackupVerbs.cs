using System.CommandLine;
using System.Text.Json.Nodes;
using Panel.Web.Shared;

namespace Panel.Web.Cli;

internal static class BackupVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");

    public static Command Backup()
    {
        var backup = new Command("backup", "Backups of an account, and what comes back of them.");
        var make = new Command("make", "Make one now and wait for it.") { Handle };
        make.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, Path(given), null, Line, ct));
        backup.Subcommands.Add(make);
        var list = new Command("list", "All backups of a member, newest first.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Line(row!);
            }
        }, ct));
        backup.Subcommands.Add(list);
        var id = new Argument<long>("ID");
        var path = new Option<string?>("--path") { Description = "A file or folder, for example home/letter.txt or sites/web/public.", HelpName = "P" };
        var database = new Option<string?>("--database") { Description = "A database, by its name.", HelpName = "D" };
        var beside = new Option<bool>("--beside") { Description = "Into home/restored-..., leaving what is there." };
        var restore = new Command("restore", "Bring back a file, a folder, a database or everything.") { Handle, id, path, database, beside };
        restore.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, $"{Path(given)}/{given.GetValue(id)}/restores", new { path = given.GetValue(path), database = given.GetValue(database), beside = given.GetValue(beside) }, node =>
            {
                Screen.Line($"Restored {node["what"]} {node["where"]} in {node["milliseconds"]} ms.");
                foreach (var note in node["notes"]!.AsArray())
                {
                    Screen.Line($"  {note}");
                }
            }, ct));
        backup.Subcommands.Add(restore);
        var text = new Argument<string>("TEXT") { Description = "A part of a name, for example letter.txt." };
        var find = new Command("find", "Files and folders in a backup by a part of their name, to be restored by --path.") { Handle, id, text };
        find.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{Path(given)}/{given.GetValue(id)}/files?find={CliDoor.Value(given.GetValue(text)!)}", null, node =>
        {
            foreach (var found in node["paths"]!.AsArray())
            {
                Screen.Line($"{found}");
            }

            if (node["paths"]!.AsArray().Count == 0 || node["more"]!.GetValue<bool>())
            {
                Screen.Line(node["more"]!.GetValue<bool>() ? "There may be more. Say more of the name to see fewer." : "Nothing in this backup is called so.");
            }
        }, ct));
        backup.Subcommands.Add(find);
        return backup;
    }

    private static void Line(JsonNode row)
    {
        Screen.Line($"{row["id"],6}  {row["madeAt"]}  {Bytes.Words(row["bytes"]!.GetValue<long>()),10}  trial {row["trial"]}  {row["trialFailure"]}");
        foreach (var note in row["notes"]!.AsArray().Concat(row["trialNotes"]?.AsArray() ?? []))
        {
            Screen.Line($"        {note}");
        }
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/backups";
}
