using System.Text;

namespace Panel.Services.Mail.Content;

/// <summary>A place in a text that differs from person to person.</summary>
/// <param name="Name">A merge field, or one of the names that begin with a dollar sign.</param>
/// <param name="Default">What stands there when the person has no such value.</param>
public sealed record MailSlot(string Name, string Default)
{
    /// <summary>The person's own address for leaving.</summary>
    public const string Leave = "$leave";

    /// <summary>The person's own address for preferences.</summary>
    public const string Preferences = "$preferences";

    /// <summary>What counted links of this person begin with.</summary>
    public const string Track = "$track";
}

/// <summary>How a person's value is written into a text.</summary>
public enum MailTextKind { Plain, Html }

/// <summary>A text with slots. In <see cref="Marked"/> each slot is one character of the private use area, which no author's text keeps.</summary>
public sealed record MailText(MailTextKind Kind, string Marked, IReadOnlyList<MailSlot> Slots)
{
    private const char First = '\uE000';
    private const char Last = '\uF8FF';

    /// <summary>How many slots a text can have.</summary>
    public const int SlotLimit = Last - First + 1;

    public static MailText Plain(string text) => new(MailTextKind.Plain, WithoutMarks(text), []);

    public static char Mark(int slot) => (char)(First + slot);

    public static bool IsMark(char c) => c is >= First and <= Last;

    public static string WithoutMarks(string text) =>
        text.AsSpan().ContainsAnyInRange(First, Last) ? string.Concat(text.Select(c => IsMark(c) ? '\uFFFD' : c)) : text;

    /// <summary>The text for one person, as preview and archive show it.</summary>
    public string Fill(IReadOnlyDictionary<string, string> values)
    {
        var filled = new StringBuilder(Marked.Length + 256);
        foreach (var c in Marked)
        {
            if (IsMark(c))
            {
                filled.Append(ValueOf(Slots[c - First], values));
            }
            else
            {
                filled.Append(c);
            }
        }

        return filled.ToString();
    }

    /// <summary>The literals and slots in order.</summary>
    internal IEnumerable<(string Literal, MailSlot? Slot)> Pieces()
    {
        var from = 0;
        for (var i = 0; i < Marked.Length; i++)
        {
            if (IsMark(Marked[i]))
            {
                yield return (Marked[from..i], Slots[Marked[i] - First]);
                from = i + 1;
            }
        }

        yield return (Marked[from..], null);
    }

    /// <summary>The person's value made fit for this kind of text: one line, no controls, escaped where it is HTML.</summary>
    internal string ValueOf(MailSlot slot, IReadOnlyDictionary<string, string> values)
    {
        var value = values.TryGetValue(slot.Name, out var own) && !string.IsNullOrWhiteSpace(own) ? own : slot.Default;
        value = OneLine(value);
        return Kind == MailTextKind.Html ? Escape(value) : value;
    }

    /// <summary>Controls and line ends become spaces.</summary>
    public static string OneLine(string text) =>
        text.AsSpan().ContainsAnyExceptInRange(' ', '~') && text.Any(IsUnfit) ? string.Concat(text.Select(c => IsUnfit(c) ? ' ' : c)) : text;

    public static string Escape(string text) => !text.AsSpan().ContainsAny("&<>\"'") ? text : text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("\"", "&quot;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal);

    private static bool IsUnfit(char c) => char.IsControl(c) || c is '\u2028' or '\u2029';
}
