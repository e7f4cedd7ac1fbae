using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Panel.Services.Finger.Thimbl;

/// <summary>Reads every plan that Thimbl clients and finger servers have written since 2010. Never throws: what cannot be read is said
/// in <see cref="ThimblPlan.Wrong"/>, and the plan is then plain text.</summary>
public static class ThimblReader
{
    public const int MostMessages = 5_000;
    public const int MostFollowing = 2_000;

    /// <summary>Characters of a message that are kept.</summary>
    public const int LongestMessage = 2_000;
    public const int LongestName = 100;

    /// <summary>Characters of the free text that are kept.</summary>
    public const int LongestPlan = 64 * 1024;

    /// <summary>Places at which an object may begin that are tried.</summary>
    private const int MostTries = 20;

    private static readonly JsonDocumentOptions Loose = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 70 };

    /// <summary>Reads a whole finger answer: what follows the first line that begins <c>Plan:</c>, or all of it.</summary>
    public static ThimblPlan Read(ReadOnlySpan<byte> answer)
    {
        var clean = new ArrayBufferWriter<byte>(answer.Length + 1);
        FingerText.Write(clean, answer);
        var text = Encoding.UTF8.GetString(clean.WrittenSpan).Replace("\r\n", "\n", StringComparison.Ordinal);
        return ReadPlan(AfterPlan(text), NameOf(text));
    }

    /// <summary>Reads the plan itself, as a <c>.plan</c> file has it; lines end in LF.</summary>
    public static ThimblPlan ReadPlan(string plan, string name = "")
    {
        // Old servers cut lines at 2,049 bytes with a backslash and a line end, also in the middle of a string.
        var whole = plan.Replace("\\\n", "", StringComparison.Ordinal);
        string? wrong = null;
        var tries = 0;
        for (var at = whole.IndexOf('{', StringComparison.Ordinal); at >= 0 && tries < MostTries; at = whole.IndexOf('{', at + 1), tries++)
        {
            if (LooseJson.Take(whole, at) is not { } taken)
            {
                wrong ??= LooksLikeThimbl(whole, at) ? "The Thimbl part of the plan never ends." : null;
                continue;
            }

            try
            {
                using var json = JsonDocument.Parse(Encoding.UTF8.GetBytes(taken.Json), Loose);
                if (IsThimbl(json.RootElement))
                {
                    return Of(json.RootElement, Join(whole[..at], whole[taken.End..]), name);
                }
            }
            catch (JsonException no)
            {
                wrong ??= LooksLikeThimbl(whole, at) ? $"The Thimbl part of the plan is no JSON: line {no.LineNumber + 1}, byte {no.BytePositionInLine + 1} of it." : null;
            }
            catch (Exception no) when (no is InvalidOperationException or ArgumentException)
            {
                // One plan that no parser understands must not keep all others from being read.
                wrong ??= "The Thimbl part of the plan cannot be understood.";
            }
        }

        var free = Cut(plan.Trim('\n'), LongestPlan);
        return new ThimblPlan(free, false, Line(name, LongestName), "", [], [], AsksOut(free), wrong);
    }

    private static ThimblPlan Of(JsonElement thimbl, string free, string name)
    {
        var messages = Messages(thimbl, "messages").Concat(Replies(thimbl)).DistinctBy(m => (m.At, m.Text)).OrderByDescending(m => m.At).Take(MostMessages).ToList();
        var following = Items(thimbl, "following").Take(MostFollowing)
            .Select(f => new ThimblFollowing(Line(Text(f, "nick"), LongestName), Line(Text(f, "address"), 320))).Where(f => f.Address.Length > 0).ToList();
        var own = Line(Text(thimbl, "name"), LongestName);
        var optsOut = AsksOut(free) || (thimbl.TryGetProperty("properties", out var more) && more.ValueKind == JsonValueKind.Object && Text(more, "timeline").Trim().Equals("no", StringComparison.OrdinalIgnoreCase));
        return new ThimblPlan(Cut(free, LongestPlan), true, own.Length > 0 ? own : Line(name, LongestName), Line(Text(thimbl, "bio"), 400), messages, following, optsOut, null);
    }

    private static IEnumerable<ThimblMessage> Messages(JsonElement owner, string list) =>
        from message in Items(owner, list)
        let text = Line(Text(message, "text"), LongestMessage)
        let at = message.TryGetProperty("time", out var time) ? ThimblTime.Read(time) : null
        where text.Length > 0 && at is not null
        select new ThimblMessage(text, at.Value);

    /// <summary>Replies were kept apart by early clients, under the address of whom they answer.</summary>
    private static IEnumerable<ThimblMessage> Replies(JsonElement thimbl) =>
        thimbl.TryGetProperty("replies", out var replies) && replies.ValueKind == JsonValueKind.Object
            ? replies.EnumerateObject().Take(MostFollowing).SelectMany(to => Messages(replies, to.Name))
            : [];

    private static IEnumerable<JsonElement> Items(JsonElement owner, string list) =>
        owner.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array ? items.EnumerateArray().Where(i => i.ValueKind == JsonValueKind.Object) : [];

    private static string Text(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static bool IsThimbl(JsonElement json) => json.ValueKind == JsonValueKind.Object &&
        ((json.TryGetProperty("messages", out var messages) && messages.ValueKind == JsonValueKind.Array) ||
         (json.TryGetProperty("following", out var following) && following.ValueKind == JsonValueKind.Array && json.TryGetProperty("address", out _)));

    private static bool LooksLikeThimbl(string text, int at) => text.IndexOf("\"messages\"", at, StringComparison.Ordinal) >= 0;

    /// <summary>A line <c>Timeline: no</c> asks not to be shown in timelines.</summary>
    private static bool AsksOut(string free) => free.Split('\n').Any(l => l.Trim().TrimEnd('.').Equals("Timeline: no", StringComparison.OrdinalIgnoreCase));

    private static string AfterPlan(string text)
    {
        var at = text.StartsWith("Plan:", StringComparison.Ordinal) ? 0 : text.IndexOf("\nPlan:", StringComparison.Ordinal) + 1;
        return at > 0 || text.StartsWith("Plan:", StringComparison.Ordinal) ? text[(at + "Plan:".Length)..] : text;
    }

    /// <summary>The name in the header that finger servers put before the plan.</summary>
    private static string NameOf(string text)
    {
        var at = text.IndexOf("Name: ", StringComparison.Ordinal);
        return at < 0 ? "" : text[(at + "Name: ".Length)..].Split('\n', 2)[0];
    }

    private static string Join(string before, string after) => string.Join('\n', new[] { before.Trim('\n', ' '), after.Trim('\n', ' ') }.Where(p => p.Length > 0));

    /// <summary>One printable line, cut at <paramref name="longest"/>.</summary>
    private static string Line(string text, int longest)
    {
        var line = new ArrayBufferWriter<byte>();
        FingerText.WriteLine(line, "", Cut(text.ReplaceLineEndings(" ").Replace('\t', ' ').Trim(), longest));
        return Encoding.UTF8.GetString(line.WrittenSpan[..^2]);
    }

    private static string Cut(string text, int longest) =>
        text.Length <= longest ? text : text[..(char.IsHighSurrogate(text[longest - 1]) ? longest - 1 : longest)];
}
