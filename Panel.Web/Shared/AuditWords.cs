using Panel.Services.Audit;

namespace Panel.Web.Shared;

/// <summary>An audit entry as a sentence: "Site web added". What it does not know it says as the entry has it.</summary>
internal static class AuditWords
{
    private static readonly Dictionary<string, string> Verbs = new(StringComparer.Ordinal)
    {
        ["add"] = "added",
        ["remove"] = "removed",
        ["change"] = "changed",
        ["set"] = "changed",
        ["suspend"] = "suspended",
        ["resume"] = "resumed",
        ["invite"] = "invited",
        ["join"] = "joined",
        ["send"] = "sent",
        ["pause"] = "paused",
        ["cancel"] = "cancelled",
        ["import"] = "imported",
        ["export"] = "exported",
        ["reset"] = "reset",
        ["approve"] = "approved",
        ["ask"] = "asked for a look at",
        ["check"] = "checked",
        ["pin"] = "left as found",
        ["unpin"] = "put back at the next pass",
        ["prove"] = "proved by its DNS",
        ["hide"] = "hidden",
        ["show"] = "shown",
        ["restore"] = "restored",
        ["make"] = "made",
        ["revoke"] = "revoked",
        ["end"] = "ended",
        ["move"] = "on its way to another host",
        ["erase"] = "erased on its host",
        ["copy"] = "copied",
    };

    private static readonly Dictionary<string, string> Phrases = new(StringComparer.Ordinal)
    {
        ["session.start"] = "Signed in",
        ["session.end"] = "Signed out",
        ["member.join"] = "Joined the house",
        ["member.invite"] = "Invited again",
        ["backup.key"] = "The key of all backups was downloaded",
        ["password.set"] = "Password changed",
        ["report.dismiss"] = "A report about the finger page was dismissed",
    };

    public static string Of(AuditPage entry)
    {
        if (Phrases.TryGetValue(entry.Action, out var phrase))
        {
            return phrase;
        }

        var (noun, verb) = entry.Action.Split('.', 2) is [var n, var v] ? (n, v) : (entry.Action, "");
        noun = noun.Replace('-', ' ');
        verb = Verbs.GetValueOrDefault(verb, verb.Replace('-', ' '));
        return $"{char.ToUpperInvariant(noun[0])}{noun[1..]} {entry.Target} {verb}".TrimEnd();
    }
}
