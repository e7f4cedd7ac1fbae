using System.CommandLine;
using System.Text.Json.Nodes;

namespace Panel.Web.Cli;

internal static class MemberVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");

    public static Command Setup()
    {
        var admin = new Option<string>("--admin") { HelpName = "HANDLE" };
        var email = new Option<string>("--email") { HelpName = "E" };
        var link = new Option<bool>("--link") { Description = "Print a fresh one-time link for the first admin, if there is none yet." };
        var setup = new Command("setup", "Add the first admin, or print the one-time link that makes one.") { admin, email, link };
        setup.Validators.Add(given =>
        {
            if (!given.GetValue(link) && (given.GetValue(admin) is null || given.GetValue(email) is null))
            {
                given.AddError("Say --admin HANDLE --email E, or --link.");
            }
        });
        setup.SetAction((given, ct) => given.GetValue(link)
            ? CliDoor.CallAsync(given, HttpMethod.Post, "/setup/link", null, node => Write(node["url"]), ct)
            : CliDoor.CallAsync(given, HttpMethod.Post, "/members", new { handle = given.GetValue(admin), email = given.GetValue(email), admin = true }, Invited, ct));
        return setup;
    }

    public static Command Member()
    {
        var member = new Command("member", "Members of the house.");
        member.Subcommands.Add(Add());
        member.Subcommands.Add(List());
        member.Subcommands.Add(One("show", "Show one member.", HttpMethod.Get, ""));
        member.Subcommands.Add(One("suspend", "Stop everything of a member, reversibly.", HttpMethod.Put, "/suspension"));
        member.Subcommands.Add(One("resume", "Bring everything back.", HttpMethod.Delete, "/suspension"));
        member.Subcommands.Add(One("remove", "Take a member out of service; files stay for 30 days.", HttpMethod.Delete, ""));
        member.Subcommands.Add(Export());
        member.Subcommands.Add(MoveVerbs.Move());
        return member;
    }

    private static Command Add()
    {
        var email = new Option<string>("--email") { Required = true };
        var name = new Option<string?>("--name");
        var admin = new Option<bool>("--admin");
        var package = new Option<string?>("--package");
        var host = new Option<string?>("--host") { Description = "Where the account is to lie; without it, where most disk is free." };
        var add = new Command("add", "Invite a member; prints the one-time link to hand over.") { Handle, email, name, admin, package, host };
        add.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Post, "/members", new
        {
            handle = given.GetValue(Handle),
            email = given.GetValue(email),
            name = given.GetValue(name),
            admin = given.GetValue(admin),
            package = given.GetValue(package),
            host = given.GetValue(host),
        }, Invited, ct));
        return add;
    }

    private static Command Export()
    {
        var file = new Argument<FileInfo>("FILE");
        var export = new Command("export", "Everything of a member as one .tar.gz in open formats.") { Handle, file };
        export.SetAction((given, ct) => CliDoor.SaveAsync(given, $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/export", given.GetValue(file)!, ct));
        return export;
    }

    private static Command List()
    {
        var list = new Command("list", "All members.");
        list.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Get, "/members", null, node =>
        {
            foreach (var row in node.AsArray())
            {
                Screen.Line($"{row!["handle"],-31}  {row["state"],-9}  {row["package"],-12}  {row["email"]}");
            }
        }, ct));
        return list;
    }

    private static Command One(string verb, string help, HttpMethod method, string below)
    {
        var command = new Command(verb, help) { Handle };
        command.SetAction((given, ct) => CliDoor.CallAsync(given, method, $"/members/{CliDoor.Part(given.GetValue(Handle)!)}{below}", null, Show, ct));
        return command;
    }

    private static void Show(JsonNode node) =>
        Screen.Line($"{node["handle"]} ({node["name"]}) {node["state"]}, package {node["package"]}, {node["email"]}");

    private static void Invited(JsonNode node)
    {
        Screen.Line($"{node["handle"]} is invited. Hand over this link, it works once:");
        Write(node["inviteUrl"]);
    }

    private static void Write(JsonNode? value)
    {
        if (value is not null)
        {
            Screen.Line(value);
        }
    }
}
