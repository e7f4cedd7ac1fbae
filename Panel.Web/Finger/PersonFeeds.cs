using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using Panel.Services.Finger;
using Panel.Services.Finger.Posts;

namespace Panel.Web.Finger;

/// <summary>A member's posts for feed readers: Atom (RFC 4287), JSON Feed 1.1 and twtxt, with the dates, ids and words of the store.</summary>
internal sealed class PersonFeeds(PublicPerson person, FingerReply reply)
{
    private const string AtomSpace = "http://www.w3.org/2005/Atom";

    private static readonly JsonSerializerOptions Plain = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private FingerCard Card => person.Card;

    private string Page => reply.UrlOf(Card.Handle);

    public byte[] Atom()
    {
        var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, CheckCharacters = false }))
        {
            xml.WriteStartElement("feed", AtomSpace);
            Element(xml, "id", $"tag:{reply.Host},2026:{Card.Handle}");
            Element(xml, "title", Card.Name);
            Element(xml, "updated", Time(Card.ShownPosts is [var last, ..] ? last.At : Card.PlanWrittenAt ?? DateTime.UnixEpoch));
            Link(xml, "self", $"{Page}/atom.xml", "application/atom+xml");
            Link(xml, "alternate", Page, "text/html");
            xml.WriteStartElement("author", AtomSpace);
            Element(xml, "name", Card.Name);
            Element(xml, "uri", Page);
            xml.WriteEndElement();
            foreach (var post in Card.ShownPosts)
            {
                xml.WriteStartElement("entry", AtomSpace);
                Element(xml, "id", Tag(post));
                Element(xml, "title", Title(post.Text));
                Element(xml, "published", Time(post.At));
                Element(xml, "updated", Time(post.At));
                Link(xml, "alternate", reply.UrlOf(Card.Handle, post.Id), "text/html");
                xml.WriteStartElement("content", AtomSpace);
                xml.WriteAttributeString("type", "text");
                xml.WriteString(Legal(post.Text));
                xml.WriteEndElement();
                xml.WriteEndElement();
            }

            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }

    public byte[] Json() => JsonSerializer.SerializeToUtf8Bytes(
        new JsonObject
        {
            ["version"] = "https://jsonfeed.org/version/1.1",
            ["title"] = Card.Name,
            ["home_page_url"] = Page,
            ["feed_url"] = $"{Page}/feed.json",
            ["authors"] = new JsonArray(new JsonObject { ["name"] = Card.Name, ["url"] = Page }),
            ["items"] = new JsonArray([.. Card.ShownPosts.Select(p => new JsonObject
            {
                ["id"] = Tag(p), ["url"] = reply.UrlOf(Card.Handle, p.Id), ["content_text"] = p.Text, ["date_published"] = Time(p.At),
            })]),
        },
        Plain);

    /// <summary>One line each: time, tab, text; the oldest first as twtxt wants it.</summary>
    public byte[] Twtxt() => Encoding.UTF8.GetBytes(string.Concat(
        Card.ShownPosts.Reverse().Select(p => $"{Time(p.At)}\t{OneLine(p.Text)}\n").Prepend($"# nick = {Card.Handle}\n# url = {Page}/twtxt.txt\n")));

    private string Tag(PostLine post) => PostRules.TagOf(reply.Host, Card.Handle, post.Id, post.At);

    private static string Title(string text) => text.Length <= 60 ? text : $"{text[..(char.IsHighSurrogate(text[59]) ? 59 : 60)]}...";

    private static string Time(DateTime at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>What XML 1.0 cannot carry at all (§2.2) is shown as the replacement character, half letters too.</summary>
    private static string Legal(string text) =>
        string.Concat(text.EnumerateRunes().Select(r => r.Value is 0xFFFE or 0xFFFF || (Rune.IsControl(r) && r.Value is not '\t') ? "\uFFFD" : r.ToString()));

    /// <summary>Nothing that ends a line, for a format that has one line per post.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private static void Element(XmlWriter xml, string name, string text) => xml.WriteElementString(name, AtomSpace, Legal(text));

    private static void Link(XmlWriter xml, string rel, string href, string type)
    {
        xml.WriteStartElement("link", AtomSpace);
        xml.WriteAttributeString("rel", rel);
        xml.WriteAttributeString("href", href);
        xml.WriteAttributeString("type", type);
        xml.WriteEndElement();
    }
}
