using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

/// <summary>A whole list out and in again.</summary>
internal static class ListBundleVerbs
{
    public static Command Export()
    {
        var where = new ListPath();
        var file = new Argument<FileInfo>("FILE");
        var export = new Command("export", "The whole list as one .zip: people with consents, issues, images.") { where.Argument, file };
        export.SetAction((given, ct) => CliDoor.SaveAsync(given, $"{where.Of(given)}/archive", given.GetValue(file)!, ct));
        return export;
    }

    public static Command Import()
    {
        var handle = new Argument<string>("HANDLE");
        var name = new Argument<string>("NAME");
        var file = new Argument<FileInfo>("FILE").AcceptExistingOnly();
        var from = new Option<string?>("--from") { Description = "\"Name <a@b>\"; without it, as in the archive." };
        var import = new Command("import", "Make a new list of such a .zip. Nothing that comes in is sent.") { handle, name, file, from };
        import.SetAction((given, ct) =>
        {
            var content = new StreamContent(given.GetValue(file)!.OpenRead());
            content.Headers.ContentType = new("application/zip");
            var query = given.GetValue(from) is { } sender ? $"?from={CliDoor.Value(sender)}" : "";
            return CliDoor.CallAsync(given, HttpMethod.Post, $"/members/{CliDoor.Part(given.GetValue(handle)!)}/lists/{CliDoor.Part(given.GetValue(name)!)}/archive{query}", content, node =>
            {
                Screen.Line($"{node["people"]} people, of whom {node["confirmed"]} get the next issue; {node["issues"]} issues, {node["images"]} images.");
                foreach (var note in node["notes"]!.AsArray())
                {
                    Screen.Line($"  {note}");
                }
            }, ct);
        });
        return import;
    }
}
