using System.CommandLine;

namespace Panel.Web.Cli;

internal static class KeyVerbs
{
    // A public key is a few hundred characters; a larger file is something else.
    private const int LargestFile = 64 * 1024;

    private static readonly Argument<string> Handle = new("HANDLE");

    public static Command Key()
    {
        var key = new Command("key", "SSH public keys that open a member's SFTP.");
        key.Subcommands.Add(Add());
        var list = new Command("list", "All keys of a member.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["id"],6}  {row["state"],-9}  {row["fingerprint"]}  {row["type"]}  {row["comment"]}");
            }
        }, ct));
        key.Subcommands.Add(list);
        var id = new Argument<long>("ID");
        var remove = new Command("remove", "A key opens nothing any more.") { Handle, id };
        remove.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Delete, $"{Path(given)}/{given.GetValue(id)}", null, _ => Screen.Line("Removed."), ct));
        key.Subcommands.Add(remove);
        return key;
    }

    private static Command Add()
    {
        var file = new Option<FileInfo>("--file") { Description = "The .pub file.", Required = true, HelpName = "F" };
        var add = new Command("add", "Add the key of a .pub file.") { Handle, file };
        add.SetAction(async (given, ct) =>
        {
            var from = given.GetValue(file)!;
            if (!from.Exists || from.Length > LargestFile)
            {
                Screen.Error(from.Exists ? $"{from} is too large for a public key." : $"There is no file {from}.");
                return CommandLine.Refused;
            }

            var text = await File.ReadAllTextAsync(from.FullName, ct);
            return await CliDoor.CallAsync(given, HttpMethod.Post, Path(given), new { publicKey = text }, node => Screen.Line($"Key {node["id"]}: {node["fingerprint"]}"), ct);
        });
        return add;
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/keys";
}
