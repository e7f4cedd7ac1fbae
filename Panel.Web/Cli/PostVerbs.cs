using System.CommandLine;

namespace Panel.Web.Cli;

internal static class PostVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");

    public static Command Post()
    {
        var post = new Command("post", "Dated messages in a member's plan, page and feeds.");
        var text = new Option<string>("--text") { HelpName = "T", Required = true, Description = "One line, at most 500 characters." };
        var reply = new Option<string?>("--reply-to") { HelpName = "ADDRESS", Description = "Whose post this answers." };
        var add = new Command("add", "Post now; prints the id.") { Handle, text, reply };
        add.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, Path(given), new { text = given.GetValue(text), replyTo = given.GetValue(reply) }, node => Screen.Line(node["id"]), ct));
        var list = new Command("list", "The newest first.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["id"],6}  {row["at"]}  {row["text"]}");
            }
        }, ct));
        var id = new Argument<long>("ID");
        var remove = new Command("remove", "Take a post back from every door.") { Handle, id };
        remove.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Delete, $"{Path(given)}/{given.GetValue(id)}", null, _ => Screen.Line("Removed."), ct));
        post.Subcommands.Add(add);
        post.Subcommands.Add(list);
        post.Subcommands.Add(remove);
        return post;
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/posts";
}
