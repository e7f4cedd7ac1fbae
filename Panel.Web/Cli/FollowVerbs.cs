using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class FollowVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Address = new("ADDRESS") { Description = "user@host, or user@host:port." };

    public static Command Follow()
    {
        var follow = new Command("follow", "Whom a member follows.");
        var nick = new Option<string?>("--nick") { HelpName = "N", Description = "What the member's posts call them." };
        var add = new Command("add", "Finger the address and follow it if it answers.") { Handle, Address, nick };
        add.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Post, Path(given), new { address = given.GetValue(Address), nick = given.GetValue(nick) }, node => Screen.Line(node["address"]), ct));
        var remove = new Command("remove", "Follow no more.") { Handle, Address };
        remove.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Delete, $"{Path(given)}/{CliDoor.Part(given.GetValue(Address)!)}", null, _ => Screen.Line("Removed."), ct));
        var list = new Command("list", "Everybody a member follows, and how fresh the copy is.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["address"],-40}  {(row["here"]!.GetValue<bool>() ? "here" : row["fetchedAt"])}  {row["reason"]}");
            }
        }, ct));
        follow.Subcommands.Add(add);
        follow.Subcommands.Add(remove);
        follow.Subcommands.Add(list);
        return follow;
    }

    public static Command Timeline()
    {
        var handle = new Argument<string?>("HANDLE") { Arity = ArgumentArity.ZeroOrOne, Description = "Whose timeline; without it that of the house." };
        var tag = new Option<string?>("--tag") { HelpName = "T", Description = "Only posts with this tag." };
        var search = new Option<string?>("--search") { HelpName = "S", Description = "Only posts with these letters." };
        var timeline = new Command("timeline", "Posts merged by time, the newest first.") { handle, tag, search };
        timeline.SetAction((given, ct) =>
        {
            var path = given.GetValue(handle) is { } who ? $"/members/{CliDoor.Part(who)}/timeline" : "/timeline";
            return CliDoor.CallAsync(given, HttpMethod.Get, $"{path}?tag={CliDoor.Value(given.GetValue(tag) ?? "")}&q={CliDoor.Value(given.GetValue(search) ?? "")}", null, Print, ct);
        });
        return timeline;
    }

    private static void Print(JsonNode entries)
    {
        foreach (var entry in entries.AsArray())
        {
            Screen.Line($"{entry!["at"]}  {entry["address"]}  {entry["text"]}");
        }
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/following";
}
