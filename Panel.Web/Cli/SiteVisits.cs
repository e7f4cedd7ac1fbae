using System.CommandLine;

namespace Panel.Web.Cli;

internal static class SiteVisits
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Name = new("NAME");

    public static Command Traffic()
    {
        var from = new Option<string?>("--from") { Description = "ISO 8601; without it 30 days before the end.", HelpName = "TIME" };
        var to = new Option<string?>("--to") { Description = "ISO 8601; without it now.", HelpName = "TIME" };
        var traffic = new Command("traffic", "Bytes, requests and visits between two times, in whole hours.") { Handle, Name, from, to };
        traffic.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, $"{Path(given)}/traffic?" + string.Join('&', new[] { ("from", given.GetValue(from)), ("to", given.GetValue(to)) }
            .Where(p => p.Item2 is not null).Select(p => $"{p.Item1}={CliDoor.Value(p.Item2!)}")), null, node =>
            {
                Screen.Line($"{node["bytes"]} bytes, {node["requests"]} requests, {node["visits"]} visits, {node["errors"]} errors from {node["from"]} to {node["to"]}");
                foreach (var day in node["days"]!.AsArray())
                {
                    Screen.Line($"  {day!["day"]}  {day["bytes"],14} bytes  {day["requests"],9} requests  {day["visits"],7} visits");
                }
            }, ct));
        return traffic;
    }

    public static Command Log()
    {
        var log = new Command("log", "The end of a site's access log, one JSON object a line.") { Handle, Name };
        log.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, $"{Path(given)}/log", new { }, node =>
        {
            foreach (var line in node["steps"]!.AsArray())
            {
                Screen.Line(line);
            }
        }, ct));
        return log;
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/sites/{CliDoor.Part(given.GetValue(Name)!)}";
}
