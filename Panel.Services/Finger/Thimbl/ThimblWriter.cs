using System.Globalization;
using System.Text;
using Panel.Services.Finger.Posts;

namespace Panel.Services.Finger.Thimbl;

/// <summary>Writes the plan as finger sends it and as <c>.plan</c> has it: the free text, then, if the member posts, the Thimbl object,
/// one message per line and the newest last. No line of the object reaches 2,048 bytes. Lines end in LF.</summary>
public static class ThimblWriter
{
    /// <summary>Bytes of a whole plan in an answer; readers take 1 MiB.</summary>
    public const int MostBytes = 512 * 1024;

    /// <param name="most">Bytes of UTF-8 at most; messages are left out from the oldest on until it fits.</param>
    public static string Plan(FingerCard card, string address, int most = MostBytes)
    {
        var free = card.Shows.HasFlag(FingerParts.Plan) ? card.Plan ?? "" : "";
        if (card.ShownPosts.Count == 0)
        {
            return free;
        }

        var text = new StringBuilder(free);
        if (free.Length > 0)
        {
            text.Append(free.EndsWith('\n') ? "\n" : "\n\n");
        }

        var (before, after) = (Before(card, address), After(card));
        var left = most - Encoding.UTF8.GetByteCount(text.ToString()) - Encoding.UTF8.GetByteCount(before) - Encoding.UTF8.GetByteCount(after);
        var messages = new List<string>();
        foreach (var post in card.ShownPosts)
        {
            var line = $"{{\"text\": {Quoted(post.Text)}, \"time\": \"{PostRules.Stamp(post.At)}\"}}";
            left -= Encoding.UTF8.GetByteCount(line) + 2;
            if (left < 0)
            {
                break;
            }

            messages.Add(line);
        }

        messages.Reverse();
        return messages.Count == 0 ? free : text.Append(before).AppendJoin(",\n", messages).Append(after).ToString();
    }

    private static string Before(FingerCard card, string address) =>
        $"{{\n{(card.Shows.HasFlag(FingerParts.Address) ? $"\"address\": {Quoted(address)},\n" : "")}\"name\": {Quoted(card.Name)},\n\"bio\": {Quoted(card.Shows.HasFlag(FingerParts.Project) ? card.Project ?? "" : "")},\n\"messages\": [\n";

    private static string After(FingerCard card)
    {
        var following = card.Following.Select(f => $"{{\"nick\": {Quoted(f.Nick)}, \"address\": {Quoted(f.Address)}}}").ToList();
        var page = card.Shows.HasFlag(FingerParts.WebPage) && !string.IsNullOrEmpty(card.WebPage) ? $"\"website\": {Quoted(card.WebPage)}" : "";
        return $"\n],\n\"following\": [{(following.Count > 0 ? $"\n{string.Join(",\n", following)}\n" : "")}],\n\"replies\": {{}},\n\"properties\": {{{page}}}\n}}\n";
    }

    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var c in text)
        {
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                < ' ' or '\u007F' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }

        return quoted.Append('"').ToString();
    }
}
