using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class SenderVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Domain = new("DOMAIN");

    public static Command Sender()
    {
        var list = new Command("list", "The domains a member sends newsletters from.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Of(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["domain"],-40}  {(row["approvedAt"] is null ? "waits for an admin" : "approved")}");
            }
        }, ct));
        var check = new Command("check", "What receivers look at, found beside wanted; asks the DNS now.") { Handle, Domain };
        check.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, $"{Of(given)}/{CliDoor.Part(given.GetValue(Domain)!)}/check", null, Rows, ct));
        var approve = new Command("approve", "Let a member send from a domain they named (admins).") { Handle, Domain };
        approve.SetAction((given, ct) => CliDoor.CallAsync(
            given, HttpMethod.Put, $"{Of(given)}/{CliDoor.Part(given.GetValue(Domain)!)}/approval", null, _ => Screen.Line($"{given.GetValue(Handle)} may send from {given.GetValue(Domain)}."), ct));
        return new Command("sender", "Domains that newsletters are sent from.") { list, check, approve };
    }

    private static string Of(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/sender-domains";

    private static void Rows(JsonNode node)
    {
        Screen.Line($"{node["domain"]}: {(node["rightAt"] is null ? "not all right yet" : "all right")}");
        foreach (var row in node["rows"]?.AsArray() ?? [])
        {
            Screen.Line($"{row!["what"]}: {row["state"]}. {row["words"]}");
            if ((string?)row["name"] is { Length: > 0 } name && (string?)row["state"] != "found")
            {
                Screen.Line($"  {name} {row["type"]} {row["wanted"]}");
            }
        }
    }
}
