using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class SiteVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");
    private static readonly Argument<string> Name = new("NAME");

    public static Command Site()
    {
        var site = new Command("site", "Web sites of a member.");
        site.Subcommands.Add(Add());
        var list = new Command("list", "All sites of a member.") { Handle };
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, Path(given), null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["name"],-31}  {row["kind"],-6}  {row["state"],-9}  {row["url"]}");
            }
        }, ct));
        site.Subcommands.Add(list);
        site.Subcommands.Add(One("show", "State, address and where files go.", HttpMethod.Get, Write));
        site.Subcommands.Add(One("remove", "Take a site off the web; its files stay in the account.", HttpMethod.Delete, _ => Screen.Line("Removed.")));
        site.Subcommands.Add(Set());
        site.Subcommands.Add(SiteVisits.Traffic());
        site.Subcommands.Add(SiteVisits.Log());
        return site;
    }

    private static Command Set()
    {
        var https = new Option<string?>("--https") { Description = "on sends visitors to HTTPS once its certificate is there; off does not.", HelpName = "on|off" };
        https.AcceptOnlyFromAmong("on", "off");
        var canonical = new Option<string?>("--canonical") { Description = "The name that the site's other names send their visitors to; - for none.", HelpName = "DOMAIN" };
        var php = new Option<string?>("--php") { Description = "PHP version; - for the newest of the host.", HelpName = "V" };
        var set = new Command("set", "Change how a site answers; what is not named stays.") { Handle, Name, https, canonical, php };
        set.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Patch, $"{Path(given)}/{CliDoor.Part(given.GetValue(Name)!)}", new
        {
            httpsOnly = given.GetValue(https) is { } word ? word == "on" : (bool?)null,
            canonical = given.GetValue(canonical) is { } name ? (name == "-" ? "" : name) : null,
            phpVersion = given.GetValue(php) is { } version ? (version == "-" ? "" : version) : null,
        }, Write, ct));
        return set;
    }

    private static Command Add()
    {
        var kind = new Option<string>("--kind") { Description = "static, php or proxy", Required = true, HelpName = "K" };
        var domain = new Option<string[]>("--domain") { Description = "A name of your own that leads here; may be said several times.", HelpName = "D" };
        var php = new Option<string?>("--php") { Description = "PHP version; without it the newest of the host.", HelpName = "V" };
        var add = new Command("add", "Add a site; site show tells when it is live.") { Handle, Name, kind, domain, php };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, Path(given), new
        {
            name = given.GetValue(Name),
            kind = given.GetValue(kind),
            domains = given.GetValue(domain) ?? [],
            phpVersion = given.GetValue(php),
        }, Write, ct));
        return add;
    }

    private static Command One(string verb, string help, HttpMethod method, Action<JsonNode> print)
    {
        var command = new Command(verb, help) { Handle, Name };
        command.SetAction((given, ct) => CliDoor.CallAsync(given, method, $"{Path(given)}/{CliDoor.Part(given.GetValue(Name)!)}", null, print, ct));
        return command;
    }

    private static string Path(ParseResult given) => $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/sites";

    private static void Write(JsonNode site)
    {
        Screen.Line($"{site["name"]} ({site["kind"]}) is {site["state"]}: {site["url"]}");
        if (site["reason"] is { } reason)
        {
            Screen.Line(reason);
        }

        if (site["certificate"] is { } tls)
        {
            Screen.Line($"HTTPS: {tls["state"]} {tls["until"]} {tls["reason"]}");
        }

        var sftp = site["sftp"]!;
        Screen.Line($"Files: sftp -P {sftp["port"]} {sftp["user"]}@{sftp["host"]}:{sftp["path"]}");
        foreach (var domain in site["domains"]!.AsArray())
        {
            Screen.Line($"Domain: {domain!["name"]}{(domain["approvedAt"] is null ? " (waits for approval, not served)" : "")}");
        }
    }
}
