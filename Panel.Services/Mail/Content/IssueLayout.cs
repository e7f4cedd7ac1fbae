using Panel.Services.Localization;

namespace Panel.Services.Mail.Content;

/// <summary>The frame around an issue: one table of 600 pixels that shrinks on phones, follows dark mode and needs no image.</summary>
internal static class IssueLayout
{
    private const string Font = "font-family:Georgia,'Times New Roman',serif;font-size:17px;line-height:1.55;color:#1a1a1a;";
    private const string Small = "font-family:Helvetica,Arial,sans-serif;font-size:13px;line-height:1.5;color:#555555;";

    /// <summary>What cannot be inlined: dark mode and narrow screens. Programs that drop it show the light, wide form.</summary>
    private const string Style =
        "@media (prefers-color-scheme:dark){.page,.sheet{background-color:#161616!important}.sheet,.sheet h1,.sheet h2,.sheet h3,.sheet p,.sheet li{color:#ececec!important}"
        + ".small,.small a{color:#b4b4b4!important}.sheet a{color:#8cc2f5!important}.button{background-color:#ececec!important}.button a{color:#161616!important}}"
        + "@media (max-width:640px){.sheet{padding:20px 16px!important}.small{padding-left:16px!important;padding-right:16px!important}}";

    public static string Html(IssueFrame frame, string body) =>
        $"""
        <!DOCTYPE html>
        <html lang="{MailText.Escape(frame.Language)}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="supported-color-schemes" content="light dark">
        <title>{MailText.Escape(frame.Title)}</title>
        <style>{Style}</style>
        </head>
        <body class="page" style="margin:0;padding:0;background-color:#f2f1ee;">
        <table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f2f1ee;"><tr><td align="center" style="padding:24px 8px;">
        <table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;">
        <tr><td class="small" style="padding:0 32px 12px 32px;{Small}">{Name(frame)}{WebLink(frame)}</td></tr>
        <tr><td class="sheet" style="padding:32px;background-color:#ffffff;{Font}">
        {body}</td></tr>
        {HtmlFoot(frame)}</table>
        </td></tr></table>
        </body>
        </html>

        """;

    public static string Text(IssueFrame frame, string body)
    {
        var foot = frame.Foot is { } f
            ? $"\n\n-- \n{frame.Name}\n{(f.Postal.Length == 0 ? "" : f.Postal + "\n")}\n{f.Reason}\n{frame.Words["Leave this list"]}: {f.Leave}\n{frame.Words["Your preferences"]}: {f.Preferences}\n{(frame.WebUrl is { } url ? $"{frame.Words["Read on the web"]}: {url}\n" : "")}"
            : "\n";
        return body + foot;
    }

    private static string Name(IssueFrame frame) => string.IsNullOrEmpty(frame.HomeUrl) ? MailText.Escape(frame.Name)
        : $"<a href=\"{MailText.Escape(frame.HomeUrl)}\" style=\"color:#555555;\">{MailText.Escape(frame.Name)}</a>";

    private static string WebLink(IssueFrame frame) =>
        frame.WebUrl is null ? "" : $" &middot; <a href=\"{MailText.Escape(frame.WebUrl)}\" style=\"color:#555555;\">{MailText.Escape(frame.Words["Read on the web"])}</a>";

    private static string HtmlFoot(IssueFrame frame) => frame.Foot is not { } foot ? "" :
        $"""
        <tr><td class="small" style="padding:16px 32px;{Small}">
        <p style="margin:0 0 8px 0;">{MailText.Escape(foot.Reason)}</p>
        <p style="margin:0 0 8px 0;"><a href="{foot.Leave}" style="color:#555555;text-decoration:underline;">{MailText.Escape(frame.Words["Leave this list"])}</a> &middot; <a href="{foot.Preferences}" style="color:#555555;text-decoration:underline;">{MailText.Escape(frame.Words["Your preferences"])}</a></p>
        {(foot.Postal.Length == 0 ? "" : $"<p style=\"margin:0;\">{MailText.Escape(foot.Postal).Replace("\n", "<br>\n", StringComparison.Ordinal)}</p>\n")}</td></tr>

        """;
}

/// <summary>What stands around the words of an issue.</summary>
/// <param name="Foot">Null for notices, which nobody can leave (rules H6, U11).</param>
internal sealed record IssueFrame(string Title, string Name, string Language, string? WebUrl, IssueFoot? Foot)
{
    /// <summary>In the archive: the page of the list, which its name leads to.</summary>
    public string? HomeUrl { get; init; }

    /// <summary>Whether the form for people who agreed to be counted is wanted too.</summary>
    public bool Track { get; init; }

    public PhraseBook Words => Phrases.In(Language);
}

/// <param name="Leave">The mark of the leave slot.</param>
/// <param name="Preferences">The mark of the slot for the page of preferences.</param>
internal sealed record IssueFoot(string Reason, string Postal, string Leave, string Preferences);
