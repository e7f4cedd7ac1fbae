using System.Text.RegularExpressions;

namespace Panel.Services.Mail.Content;

/// <summary>
/// The merge language, all of it: <c>{field|default}</c> with fields from an allow-list. No functions, no loops, no
/// objects (rule V1; listmonk CVE-2025-49136 read the server's environment through its templates).
/// </summary>
internal static partial class MergeFields
{
    /// <summary>Always there, so it needs no default.</summary>
    public const string Email = "email";

    /// <summary>Replaces each field by its mark and collects the slots.</summary>
    public static Outcome<string> Mark(string source, IReadOnlyCollection<string> allowed, List<MailSlot> slots, string field)
    {
        Refusal? refused = null;
        var marked = Field().Replace(MailText.WithoutMarks(source), match =>
        {
            var name = match.Groups["name"].Value;
            var fallback = match.Groups["default"];
            refused ??= !allowed.Contains(name)
                ? new Refusal($"Line {LineOf(source, match.Index)}: {{{name}}} is not a field of this list. There are: {string.Join(", ", allowed.Order(StringComparer.Ordinal))}.", field)
                : name != Email && fallback.Value.Trim().Length == 0
                    ? new Refusal($"Line {LineOf(source, match.Index)}: say what stands there for people without it, for example {{{name}|friend}}.", field)
                    : null;
            return refused is null ? Take(new MailSlot(name, fallback.Value.Trim()), slots) : "";
        });
        return refused is null ? marked : refused;
    }

    /// <summary>The source as somebody without any field would read it.</summary>
    public static string WithDefaults(string source) => Field().Replace(source, match => match.Groups["default"].Value.Trim());

    /// <summary>The mark of a slot, which is added when it is new.</summary>
    public static string Take(MailSlot slot, List<MailSlot> slots)
    {
        var at = slots.IndexOf(slot);
        if (at < 0)
        {
            at = slots.Count;
            slots.Add(slot);
        }

        return MailText.Mark(Math.Min(at, MailText.SlotLimit - 1)).ToString();
    }

    private static int LineOf(string source, int index) => source.AsSpan(0, index).Count('\n') + 1;

    [GeneratedRegex(@"\{(?<name>[a-z][a-z0-9_]{0,30})(?:\|(?<default>[^{}\r\n]{0,80}))?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Field();
}
