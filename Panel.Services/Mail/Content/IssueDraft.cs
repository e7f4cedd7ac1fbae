namespace Panel.Services.Mail.Content;

/// <summary>What an author wrote and whom it comes from: everything that decides how an issue looks.</summary>
public sealed record IssueDraft
{
    public required string Subject { get; init; }

    /// <summary>CommonMark without HTML; a link titled <c>button</c> becomes a button.</summary>
    public required string Markdown { get; init; }

    public required string ListTitle { get; init; }

    /// <summary>The sender's street address (15 USC 7704(a)(5)); shown in the foot. Empty where the sender
    /// gives none: the pages ask for it, nothing refuses to send without.</summary>
    public required string PostalAddress { get; init; }

    /// <summary>BCP 47, for screen readers.</summary>
    public string Language { get; init; } = "en";

    /// <summary>Where the issue can be read on the web, or null when it is not in an archive.</summary>
    public string? WebUrl { get; init; }

    /// <summary>Set for the copy in the archive, which nobody leaves: where its list is. Empty where even that is not wanted.</summary>
    public string? HomeUrl { get; init; }

    /// <summary>Whether <see cref="RenderedIssue.Tracked"/> is wanted.</summary>
    public bool Track { get; init; }

    /// <summary>Names that merge fields may use.</summary>
    public IReadOnlyCollection<string> Fields { get; init; } = ["name", MergeFields.Email];
}

/// <summary>An issue in the three texts that a mail is made of, still with the slots of persons.</summary>
/// <param name="Html">A whole document.</param>
/// <param name="Text">The same in plain text, from the same tree.</param>
/// <param name="Body">The words alone, as a piece of HTML for feeds.</param>
public sealed record RenderedIssue(MailText Subject, MailText Html, MailText Text, MailText Body)
{
    /// <summary>Where its links lead, in the order of the text; mail addresses are not among them.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary>The HTML for a person who agreed to be counted: its links and one invisible picture go through the person's own address
    /// (rule L6). Null unless it was asked for.</summary>
    public MailText? Tracked { get; init; }
}
