namespace Panel.Services.Mail.Content;

/// <summary>Which addresses an issue may point to.</summary>
internal static class LinkRule
{
    /// <summary>Null when it is fit, otherwise the end of the sentence that refuses it.</summary>
    public static string? Fault(string address, bool isImage)
    {
        if (address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || MailText.IsMark(c)))
        {
            return "must not hold spaces, line ends or merge fields";
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || address.StartsWith('/'))
        {
            return "must be a whole address that begins with https://";
        }

        var web = (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp) && uri.Host.Length > 0;
        return web || (!isImage && uri.Scheme == Uri.UriSchemeMailto) ? null
            : isImage ? "must begin with https:// or http://" : "must begin with https://, http:// or mailto:";
    }
}
