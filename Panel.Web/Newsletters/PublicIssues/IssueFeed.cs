using System.Globalization;
using System.Text;
using System.Xml;
using Panel.Services.Newsletters;

namespace Panel.Web.Newsletters;

/// <summary>A list's issues as Atom (RFC 4287), whole, with the list's page as the feed's id.</summary>
internal static class IssueFeed
{
    private const string Atom = "http://www.w3.org/2005/Atom";

    public static byte[] Write(PublicList list, Uri url, IReadOnlyList<FeedEntry> entries)
    {
        using var bytes = new MemoryStream();
        using (var xml = XmlWriter.Create(bytes, new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = true }))
        {
            xml.WriteStartElement("feed", Atom);
            xml.WriteAttributeString("xml", "lang", null, list.Language);
            Element(xml, "id", url.ToString());
            Element(xml, "title", list.Title);
            Link(xml, "self", $"{url}/feed.xml", "application/atom+xml");
            Link(xml, "alternate", url.ToString(), "text/html");
            xml.WriteStartElement("author", Atom);
            Element(xml, "name", list.FromName);
            xml.WriteEndElement();
            // RFC 4287 §4.1.1: a feed always says when it changed; an empty one has not.
            Element(xml, "updated", At(entries.Count > 0 ? entries.Max(e => e.ChangedAt) : DateTime.UnixEpoch));
            foreach (var entry in entries)
            {
                Entry(xml, entry);
            }

            xml.WriteEndElement();
        }

        return bytes.ToArray();
    }

    private static void Entry(XmlWriter xml, FeedEntry entry)
    {
        xml.WriteStartElement("entry", Atom);
        Element(xml, "id", entry.Issue.Url.ToString());
        Element(xml, "title", entry.Issue.Subject);
        Link(xml, "alternate", entry.Issue.Url.ToString(), "text/html");
        Element(xml, "published", At(entry.Issue.At));
        Element(xml, "updated", At(entry.ChangedAt));
        xml.WriteStartElement("content", Atom);
        xml.WriteAttributeString("type", "html");
        xml.WriteString(Clean(entry.Body));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    private static void Element(XmlWriter xml, string name, string value) => xml.WriteElementString(name, Atom, Clean(value));

    private static void Link(XmlWriter xml, string rel, string href, string type)
    {
        xml.WriteStartElement("link", Atom);
        xml.WriteAttributeString("rel", rel);
        xml.WriteAttributeString("type", type);
        xml.WriteAttributeString("href", href);
        xml.WriteEndElement();
    }

    // XML 1.0 §2.2 has no place for most control characters, not even as references.
    private static string Clean(string text) => text.All(XmlConvert.IsXmlChar) ? text : string.Concat(text.Where(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)));

    private static string At(DateTime at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
