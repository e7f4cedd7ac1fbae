using System.Buffers;
using System.Globalization;
using System.Text;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Services.Finger;

/// <summary>Renders every answer. The server, the web page, the API and the command line show exactly these bytes.</summary>
/// <param name="host">What stands after the <c>@</c> of an address here.</param>
/// <param name="pages">Where the public pages begin, without a slash at the end, or null when there are none to name.</param>
/// <param name="plans">False when the admin has switched plans off for the whole house (RFC 1288 §2.5.2).</param>
public sealed class FingerReply(string host, string? pages = null, bool plans = true)
{
    /// <summary>Posts that <c>/W</c> adds in words; the plan has all of them.</summary>
    private const int PostsToRead = 5;

    private static readonly string[] Feeds = ["atom.xml", "feed.json", "twtxt.txt"];

    /// <summary>Told about a name that nobody has, and in the same way about who is hidden or suspended.</summary>
    public static ReadOnlyMemory<byte> Nobody { get; } = Fixed("There is nobody here by that name.");

    /// <summary>RFC 1288 §3.2.1 asks for a message and finds this one adequate.</summary>
    public static ReadOnlyMemory<byte> NoForwarding { get; } = Fixed("Finger forwarding service denied");

    /// <summary>RFC 1288 §3.2.2.</summary>
    public static ReadOnlyMemory<byte> NoList { get; } = Fixed("Finger online user list denied");

    public static ReadOnlyMemory<byte> TooLong { get; } = Fixed("That query is too long: 512 bytes at most.");

    public static ReadOnlyMemory<byte> TooSlow { get; } = Fixed("No query came in time. Please ask again.");

    public static ReadOnlyMemory<byte> NothingAsked { get; } = Fixed("Nothing was asked. Please send one line.");

    public static ReadOnlyMemory<byte> Full { get; } = Fixed("Too many people are asking just now. Please ask again in a minute.");

    public static ReadOnlyMemory<byte> Crowded { get; } = Fixed("Too many questions from your address. Please ask again in a minute.");

    public static ReadOnlyMemory<byte> Broken { get; } = Fixed("Panel cannot look that up just now. Please ask again in a minute.");

    /// <summary>What stands after the <c>@</c> of an address here.</summary>
    public string Host => host;

    public string AddressOf(string handle) => $"{handle}@{host}";

    /// <summary>A member's page on the web; with a post, its place there.</summary>
    public string UrlOf(string handle, long? post = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{pages}/~{handle}{(post is null ? "" : $"#post-{post}")}");

    /// <summary>The plan as it is sent and as <c>~/.plan</c> has it: free text and Thimbl object; lines end in LF.</summary>
    public string PlanOf(FingerCard card, int most = ThimblWriter.MostBytes) => plans ? ThimblWriter.Plan(card, AddressOf(card.Handle), most) : string.Empty;

    /// <summary>One member: the full name always, then what the member shows; <paramref name="wide"/> adds when and where else.</summary>
    public byte[] Render(FingerCard card, bool wide)
    {
        var to = new ArrayBufferWriter<byte>(256 + (card.Plan?.Length ?? 0));
        FingerText.WriteLine(to, "Login: ", card.Handle);
        FingerText.WriteLine(to, "Name: ", card.Name);
        Line(to, "Address: ", Shown(card, FingerParts.Address, AddressOf(card.Handle)));
        Line(to, "Web page: ", Shown(card, FingerParts.WebPage, card.WebPage));
        Line(to, "Last post: ", card.ShownPosts is [var last, ..] ? When(last.At) : null);
        var plan = PlanOf(card);
        if (wide)
        {
            Line(to, "On the web: ", pages is null ? null : UrlOf(card.Handle));
            foreach (var feed in pages is null || card.ShownPosts.Count == 0 ? [] : Feeds)
            {
                Line(to, "Feed: ", $"{UrlOf(card.Handle)}/{feed}");
            }

            foreach (var key in card.Shows.HasFlag(FingerParts.Keys) ? card.Keys : [])
            {
                Line(to, "SSH key: ", key);
            }

            Line(to, "Plan of: ", !plans || Shown(card, FingerParts.Plan, card.Plan) is null ? null : When(card.PlanWrittenAt));
        }

        Line(to, "Project: ", Shown(card, FingerParts.Project, card.Project));
        if (wide)
        {
            WritePosts(to, card.ShownPosts);
        }

        WritePlan(to, plan);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>Several members, as an empty query or an ambiguous name gets them: sorted, cut at <paramref name="most"/>.</summary>
    public static byte[] RenderList(IEnumerable<FingerCard> cards, int most)
    {
        var sorted = cards.OrderBy(c => c.Handle, StringComparer.Ordinal).ToList();
        if (sorted.Count == 0)
        {
            return Fixed("Nobody here has chosen to be listed.");
        }

        var to = new ArrayBufferWriter<byte>();
        var width = Math.Max(5, sorted.Take(most).Max(c => c.Handle.Length)) + 2;
        FingerText.WriteLine(to, "Login".PadRight(width), "Name");
        foreach (var card in sorted.Take(most))
        {
            FingerText.WriteLine(to, string.Empty, card.Handle.PadRight(width) + card.Name);
        }

        if (sorted.Count > most)
        {
            FingerText.WriteLine(to, string.Empty, "There are more; please ask for them by name.");
        }

        return to.WrittenSpan.ToArray();
    }

    /// <summary>The last posts for people to read; indented, so that none is taken for a line of the header.</summary>
    private static void WritePosts(ArrayBufferWriter<byte> to, IReadOnlyList<PostLine> posts)
    {
        if (posts.Count > 0)
        {
            FingerText.WriteLine(to, "Posts:", string.Empty);
        }

        foreach (var post in posts.Take(PostsToRead))
        {
            FingerText.WriteLine(to, "  ", $"{When(post.At)}  {post.Text}");
        }
    }

    private static void WritePlan(ArrayBufferWriter<byte> to, string? plan)
    {
        if (string.IsNullOrEmpty(plan))
        {
            FingerText.WriteLine(to, "No Plan.", string.Empty);
            return;
        }

        FingerText.WriteLine(to, "Plan:", string.Empty);
        FingerText.Write(to, Encoding.UTF8.GetBytes(plan));
        if (!to.WrittenSpan.EndsWith("\r\n"u8))
        {
            to.Write("\r\n"u8);
        }
    }

    private static void Line(ArrayBufferWriter<byte> to, string label, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            FingerText.WriteLine(to, label, text);
        }
    }

    private static string? Shown(FingerCard card, FingerParts part, string? text) => card.Shows.HasFlag(part) ? text : null;

    private static string? When(DateTime? at) => at?.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static byte[] Fixed(string sentence) => Encoding.ASCII.GetBytes(sentence + "\r\n");
}
