using System.CommandLine;

namespace Panel.Web.Cli;

/// <summary>What of a list can be changed: what is not named stays as it is.</summary>
internal static class ListChanges
{
    public static Command Set()
    {
        var where = new ListPath();
        var title = new Option<string?>("--title");
        var description = new Option<string?>("--description") { Description = "What it is about, for its public page." };
        var address = new Option<string?>("--postal-address") { Description = "The sender's street address, at the foot of every issue." };
        var consent = new Option<string?>("--consent-text") { Description = "What people agree to on the sign-up page." };
        var language = new Option<string?>("--language");
        language.AcceptOnlyFromAmong("en", "de", "fr", "it");
        var fields = new Option<string?>("--fields") { Description = "What is kept about people beside their name, by commas." };
        var archive = Choice("--archive", "open", "closed", "Whether everybody can read what was sent.");
        var signUps = Choice("--sign-ups", "open", "closed", "Whether the sign-up form takes people.");
        var approval = Choice("--approval", "yes", "no", "Whether a second person must approve each issue.");
        var approver = new Option<string?>("--approver") { HelpName = "HANDLE", Description = "Who that is, beside every admin." };
        var tracking = Choice("--tracking", "ask", "no", "Whether readers are asked if their opens and clicks may be counted.");
        var set = new Command("set", "Change a list. Nothing is mailed to anybody.") { where.Argument, title, description, address, consent, language, fields, archive, signUps, approval, approver, tracking };
        set.SetAction((given, ct) => CliDoor.CallAsync(given, HttpMethod.Put, where.Of(given), new
        {
            title = given.GetValue(title),
            description = given.GetValue(description),
            postalAddress = given.GetValue(address),
            consentText = given.GetValue(consent),
            language = given.GetValue(language),
            fields = given.GetValue(fields),
            archive = Is(given.GetValue(archive), "open"),
            signUps = Is(given.GetValue(signUps), "open"),
            approval = Is(given.GetValue(approval), "yes"),
            approver = given.GetValue(approver),
            tracking = Is(given.GetValue(tracking), "ask"),
        }, ListVerbs.Show, ct));
        return set;
    }

    private static Option<string?> Choice(string name, string yes, string no, string help)
    {
        var choice = new Option<string?>(name) { Description = help };
        choice.AcceptOnlyFromAmong(yes, no);
        return choice;
    }

    private static bool? Is(string? given, string yes) => given is null ? null : given == yes;
}
