using System.Net;
using Panel.Services.Localization;
using Panel.Services.Newsletters;

namespace Panel.Web.Newsletters;

/// <summary>The sign-up form as a piece of HTML for any other site: no script, no cookie, nothing loaded from us.</summary>
internal static class ListEmbed
{
    public static string Html(ListPage list)
    {
        var words = Phrases.In(list.Language);
        return $"<form action=\"{list.Url}\" method=\"post\"><input type=\"hidden\" name=\"form\" value=\"embed\">"
            + $"<label>{Safe(words["Your e-mail address"])} <input type=\"email\" name=\"email\" required></label> "
            + $"<span hidden><input name=\"website\" tabindex=\"-1\" autocomplete=\"off\"></span><button>{Safe(words["Sign up"])}</button></form>";
    }

    private static string Safe(string text) => WebUtility.HtmlEncode(text);
}
