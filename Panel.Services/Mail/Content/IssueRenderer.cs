using System.Text;
using Panel.Services.Localization;

namespace Panel.Services.Mail.Content;

/// <summary>
/// The only way from an author's words to what people read: preview, test mail, archive and sending all use it, so what
/// was previewed is what arrives.
/// </summary>
public static class IssueRenderer
{
    /// <summary>Largest HTML of an issue (rule V10).</summary>
    private const int SizeLimit = 1_000_000;

    private const int SubjectLimit = 255;

    /// <summary>
    /// Renders an issue, or refuses it with the line that is wrong: raw HTML, a link that is not http, https or mailto, a
    /// field that is not allowed, no words, no postal address. Both texts always hold the leave link (rule U13).
    /// </summary>
    public static Outcome<RenderedIssue> Render(IssueDraft draft)
    {
        if (Missing(draft) is { } missing)
        {
            return missing;
        }

        List<MailSlot> slots = [];
        var subject = MergeFields.Mark(MailText.OneLine(draft.Subject).Trim(), draft.Fields, slots, nameof(IssueDraft.Subject));
        if (!subject.Succeeded)
        {
            return subject.Refused;
        }

        var leave = MergeFields.Take(new MailSlot(MailSlot.Leave, ""), slots);
        var postal = MailText.WithoutMarks(draft.PostalAddress.ReplaceLineEndings("\n").Trim());
        var name = MailText.OneLine(MailText.WithoutMarks(draft.ListTitle));
        var words = Phrases.In(draft.Language);
        var preferences = MergeFields.Take(new MailSlot(MailSlot.Preferences, ""), slots);
        var foot = draft.HomeUrl is null ? new IssueFoot(words["You receive this because you subscribed to {0}.", name], postal, leave, preferences) : null;
        var title = new MailText(MailTextKind.Plain, subject.Value, slots).Fill(new Dictionary<string, string>());
        return Bodies(draft.Markdown, draft.Fields, slots, new IssueFrame(title, name, draft.Language, draft.WebUrl, foot) { HomeUrl = draft.HomeUrl, Track = draft.Track }, subject.Value);
    }

    /// <summary>Renders a notice of the house (confirmation, welcome): the same look, no fields, nothing to leave (rules S2, U11).</summary>
    public static Outcome<RenderedIssue> RenderNotice(string subject, string markdown, string name, string language) =>
        Bodies(markdown, [], [], new IssueFrame(subject, name, language, null, null), MailText.WithoutMarks(MailText.OneLine(subject)));

    /// <summary>Makes a stranger's words harmless inside Markdown: they come out as typed, and no merge field is read in them.</summary>
    public static string Literal(string words)
    {
        var safe = new StringBuilder(words.Length + 16);
        foreach (var c in MailText.OneLine(words))
        {
            // Entities rather than backslashes: they also disarm braces, autolinks and list markers.
            safe.Append(char.IsAsciiLetterOrDigit(c) || c is ' ' || c > '~' ? c.ToString() : $"&#{(int)c};");
        }

        return safe.ToString();
    }

    private static Outcome<RenderedIssue> Bodies(string markdown, IReadOnlyCollection<string> fields, List<MailSlot> slots, IssueFrame frame, string subject)
    {
        var marked = MergeFields.Mark(markdown, fields, slots, nameof(IssueDraft.Markdown));
        if (!marked.Succeeded)
        {
            return marked.Refused;
        }

        var tree = MarkdownTree.Read(marked.Value, nameof(IssueDraft.Markdown));
        if (!tree.Succeeded)
        {
            return tree.Refused;
        }

        var (body, links) = HtmlBody.Write(tree.Value);
        var html = IssueLayout.Html(frame, body).ReplaceLineEndings("\n");
        var text = IssueLayout.Text(frame, TextBody.Write(tree.Value)).ReplaceLineEndings("\n");
        if (html.Length > SizeLimit || slots.Count > MailText.SlotLimit)
        {
            return new Refusal("The issue is too large: as HTML it must stay below 1 MB.", nameof(IssueDraft.Markdown));
        }

        return new RenderedIssue(
            new MailText(MailTextKind.Plain, subject, slots), new MailText(MailTextKind.Html, html, slots), new MailText(MailTextKind.Plain, text, slots),
            new MailText(MailTextKind.Html, body, slots))
        {
            Links = links,
            Tracked = frame.Track ? Tracked(tree.Value, slots, frame) : null,
        };
    }

    private static MailText Tracked(Markdig.Syntax.MarkdownDocument tree, List<MailSlot> slots, IssueFrame frame)
    {
        var mark = MergeFields.Take(new MailSlot(MailSlot.Track, ""), slots);
        var pixel = $"<img src=\"{mark}/o.gif\" width=\"1\" height=\"1\" alt=\"\" style=\"display:block;width:1px;height:1px;border:0;\">\n";
        return new MailText(MailTextKind.Html, IssueLayout.Html(frame, HtmlBody.Write(tree, mark).Html + pixel).ReplaceLineEndings("\n"), slots);
    }

    private static Refusal? Missing(IssueDraft draft) =>
        string.IsNullOrWhiteSpace(draft.Subject) ? new Refusal("An issue needs a subject.", nameof(IssueDraft.Subject))
        : draft.Subject.Length > SubjectLimit ? new Refusal($"The subject has {draft.Subject.Length} characters; it can have {SubjectLimit}.", nameof(IssueDraft.Subject))
        : string.IsNullOrWhiteSpace(draft.Markdown) ? new Refusal("An issue needs some words.", nameof(IssueDraft.Markdown))
        : null;
}
