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
        ["check"] = "checked",
        ["hide"] = "hidden",
        ["show"] = "shown",
        ["restore"] = "restored",
        ["make"] = "made",
        ["revoke"] = "revoked",
        ["end"] = "ended",
    };

    public static (string Noun, string Target, string Verb) Of(AuditPage entry)
    {
        var (noun, verb) = entry.Action.Split('.', 2) is [var n, var v] ? (n, v) : (entry.Action, "");
        noun = noun.Replace('-', ' ');
        return (noun.Length == 0 ? "" : char.ToUpperInvariant(noun[0]) + noun[1..], entry.Target, Verbs.GetValueOrDefault(verb, verb.Replace('-', ' ')));
    }
}
