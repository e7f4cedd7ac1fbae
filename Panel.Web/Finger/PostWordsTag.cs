using System.Net;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Microsoft.AspNetCore.Razor.TagHelpers;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;

namespace Panel.Web.Finger;

// <post-words of="words" tags="/timeline" />: a post with its mentions, tags and links. Text of others is data: only text is
// ever written, and a link shows its host.
[HtmlTargetElement("post-words", TagStructure = TagStructure.WithoutEndTag)]
public sealed class PostWordsTag(FingerReply reply) : TagHelper
{
    public required IReadOnlyList<PostWord> Of { get; set; }

    /// <summary>The page that shows one tag, or null where tags lead nowhere.</summary>
    public string? Tags { get; set; }

    [ViewContext, HtmlAttributeNotBound]
    public ViewContext ViewContext { get; set; } = null!;

    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        output.TagName = null;
        foreach (var word in Of)
        {
            if (HrefOf(word) is not { } href)
            {
                output.Content.Append(word.Text);
                continue;
            }

            output.Content.AppendHtml($"<a href=\"{WebUtility.HtmlEncode(href)}\"{(word.Kind == PostWordKind.Link ? " rel=\"nofollow noopener noreferrer ugc\"" : "")}>").Append(word.Text).AppendHtml("</a>");
        }
    }

    private string? HrefOf(PostWord word) => word.Kind switch
    {
        PostWordKind.Link when Uri.TryCreate(word.Target, UriKind.Absolute, out var link) && link.Scheme is "http" or "https" => link.AbsoluteUri,
        PostWordKind.Tag when Tags is not null => $"{Tags}?tag={Uri.EscapeDataString(word.Target)}",
        PostWordKind.Mention when FingerAddress.TryParse(word.Target, out var who) => who.IsAt(reply.Host) ? $"/~{who.User}" : who.Link,
        _ => null,
    };
}
