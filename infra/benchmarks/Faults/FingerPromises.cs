using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Xml;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;
using Panel.Web.Finger;

namespace Panel.Bench.Faults;

/// <summary>What each reader and writer of finger promises about any bytes at all. Each returns null, or the promise that broke.</summary>
internal static class FingerPromises
{
    private static readonly FingerReply Reply = new("h.example", "https://h.example");
    private static readonly WebFingerBook Book = new(Reply, new Uri("https://h.example"));

    public static IReadOnlyList<(string Name, Func<byte[], string?> Wrong)> All { get; } =
    [
        ("query line", Line), ("address", Address), ("Thimbl reader", Reader), ("Thimbl writer", Writer), ("denials", Denial), ("renderer", Renderer), ("page and preview", Page),
        ("words of a post", Words), ("Atom", Atom), ("JSON Feed", JsonFeed), ("twtxt", Twtxt), ("WebFinger", WebFinger),
    ];

    private static string? Line(byte[] input)
    {
        var bytes = input.AsSpan(0, Math.Min(input.Length, TelnetLine.Limit));
        var query = FingerQuery.Parse(bytes);
        if (query.Name.Contains('@', StringComparison.Ordinal) || query.Name.Contains('\n', StringComparison.Ordinal) || query.Hosts.Any(h => h.Contains('@', StringComparison.Ordinal)))
        {
            return "the query has what ends a name";
        }

        var line = new byte[TelnetLine.Limit];
        var whole = TelnetLine.Read(bytes, line, out _);
        for (var cut = 1; cut < bytes.Length; cut += 1 + (bytes.Length / 8))
        {
            if (TelnetLine.Read(bytes[..cut], line, out _) && !(whole && FingerQuery.Parse(bytes[..cut]).Name == query.Name))
            {
                return $"the line means something else when it comes in two parts, cut at {cut}";
            }
        }

        return null;
    }

    private static string? Address(byte[] input) =>
        !FingerAddress.TryParse(Text(input), out var who) ? null
        : who.ToString().Any(c => c is <= ' ' or > '~') || who.ToString().Count(c => c == '@') != 1 ? $"an address has more than one place: {who}"
        : FingerAddress.TryParse(who.ToString(), out var again) && again == who ? null : $"an address is not itself again: {who}";

    private static string? Reader(byte[] input)
    {
        var plan = ThimblReader.Read(input);
        var one = plan.Messages.Select(m => m.Text).Concat(plan.Following.SelectMany(f => new[] { f.Nick, f.Address })).Append(plan.Name).Append(plan.Bio);
        if (one.FirstOrDefault(t => t.Any(char.IsControl) || FingerText.Faults(t, lines: false).Any()) is { } bad)
        {
            return $"a control character came through: {Convert.ToHexString(Encoding.UTF8.GetBytes(bad))}";
        }

        return plan.Messages.Count > ThimblReader.MostMessages || plan.Messages.Zip(plan.Messages.Skip(1)).Any(p => p.First.At < p.Second.At) || plan.Messages.Any(m => m.At.Kind != DateTimeKind.Utc)
            ? "the messages are too many, out of order or not in UTC" : null;
    }

    private static string? Writer(byte[] input)
    {
        var card = Card(input);
        var wanted = card.Posts.Select(p => PostRules.Tidy(p.Text)).Where(t => PostRules.Check(t) is null).Select((t, i) => new PostLine(i, t, DateTime.UnixEpoch.AddSeconds(100 - i))).ToList();
        var written = ThimblWriter.Plan(card with { Plan = "", Project = Start(card.Project!), WebPage = Start(card.WebPage!), Posts = wanted, Following = [.. card.Following.Select(f => new ThimblFollowing(Start(f.Nick), Start(f.Address)))] }, "ann@h.example");
        if (written.Split('\n').Skip(1).SkipWhile(l => !l.StartsWith("\"messages\"", StringComparison.Ordinal)).TakeWhile(l => l != "],").Any(l => Encoding.UTF8.GetByteCount(l) >= 2_048))
        {
            return "a line of a message reaches 2,048 bytes";
        }

        var read = ThimblReader.ReadPlan(written);
        return read.Messages.Select(m => m.Text).SequenceEqual(wanted.Select(p => p.Text)) ? null : $"what was written is not what is read: {written}";
    }

    private static string? Denial(byte[] input) =>
        RemoteCopies.Denied(input) is { } said && said.Any(c => char.IsControl(c) && c != '\t') ? $"a control character came through: {said}"
        : PlanSigns.Find(Text(input)) is { } sign && sign.Contains('\n', StringComparison.Ordinal) ? "a sign is more than one line" : null;

    private static string? Renderer(byte[] input)
    {
        var (card, raw) = (Card(input), new ArrayBufferWriter<byte>());
        FingerText.Write(raw, input);
        return Harmless(Reply.Render(card, wide: true)) && Harmless(Reply.Render(card, wide: false)) && Harmless(FingerReply.RenderList([card, card with { Name = card.Handle }], 1)) && Harmless([.. raw.WrittenSpan, .. "\r\n"u8])
            ? null : "an answer is not whole lines of printable UTF-8";
    }

    private static string? Page(byte[] input)
    {
        var preview = Terminal.Of(Reply.Render(Card(input), wide: false), Text(input));
        return Terminal.Html(preview.Text).ToString()!.AsSpan().IndexOfAny('<', '>') >= 0 ? "a preview has what HTML reads" : null;
    }

    private static string? Words(byte[] input)
    {
        var text = Text(input);
        var words = PostWords.Of(text, n => n);
        return string.Concat(words.Select(w => w.Text)) != text ? "a post is not the same when its words are put together"
            : words.Any(w => w.Kind == PostWordKind.Link && !w.Target.StartsWith("http", StringComparison.OrdinalIgnoreCase)) ? "a link is none" : null;
    }

    private static string? Atom(byte[] input)
    {
        var (card, entries) = (Card(input), 0);
        using var xml = XmlReader.Create(new MemoryStream(Feeds(card).Atom()), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit });
        while (xml.Read())
        {
            entries += xml is { NodeType: XmlNodeType.Element, LocalName: "entry", NamespaceURI: "http://www.w3.org/2005/Atom" } ? 1 : 0;
        }

        return entries == card.Posts.Count ? null : $"{entries} entries of {card.Posts.Count} posts";
    }

    private static string? JsonFeed(byte[] input)
    {
        var card = Card(input);
        using var json = JsonDocument.Parse(Feeds(card).Json());
        return json.RootElement.GetProperty("items").GetArrayLength() == card.Posts.Count ? null : "the items are not the posts";
    }

    private static string? Twtxt(byte[] input)
    {
        var card = Card(input);
        var lines = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Feeds(card).Twtxt()).Split('\n');
        var posts = lines.Where(l => l.Length > 0 && l[0] != '#').ToList();
        return posts.Count == card.Posts.Count && posts.TrueForAll(l => l.IndexOf('\t', StringComparison.Ordinal) == 20 && !l[21..].Any(char.IsControl)) ? null : "the lines are not the posts";
    }

    private static string? WebFinger(byte[] input)
    {
        var text = Text(input);
        var handle = WebFingerBook.IsWellFormed(text) ? Book.HandleOf(text) : null;
        using var json = JsonDocument.Parse(Book.Describe(new PublicPerson(Card(input), $"{handle}@h.example", default), []).ToJsonString());
        return json.RootElement.GetProperty("links").GetArrayLength() > 0 ? null : "no links";
    }

    /// <summary>As much as may be saved.</summary>
    private static string Start(string text) => text[..Math.Min(text.Length, 400)];

    private static PersonFeeds Feeds(FingerCard card) => new(new PublicPerson(card, "ann@h.example", default), Reply);

    private static FingerCard Card(byte[] input)
    {
        var (text, plan) = (Text(input), ThimblReader.Read(input));
        return new FingerCard("ann", Start(text))
        {
            Plan = text,
            Project = text,
            WebPage = text,
            Keys = [text],
            Following = [.. plan.Following, new ThimblFollowing(text, text)],
            Posts = [.. plan.Messages.Take(5).Select((m, i) => new PostLine(i, m.Text, m.At)), new PostLine(9, text, DateTime.UnixEpoch)],
        };
    }

    /// <summary>Every third as raw UTF-16 units, so that half letters come as well.</summary>
    private static string Text(byte[] input) => input.Length % 3 == 0 ? Encoding.UTF8.GetString(input) : input.Length % 3 == 1 ? Encoding.Latin1.GetString(input)
        : string.Create(input.Length / 2, input, (to, from) => Fill(to, from));

    private static void Fill(Span<char> to, byte[] from)
    {
        for (var i = 0; i < to.Length; i++)
        {
            to[i] = (char)(from[2 * i] | (from[(2 * i) + 1] << 8));
        }
    }

    private static bool Harmless(ReadOnlySpan<byte> answer)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer);
        return text.EndsWith("\r\n", StringComparison.Ordinal) && text.Replace("\r\n", "", StringComparison.Ordinal).All(c => c == '\t' || !char.IsControl(c));
    }
}
