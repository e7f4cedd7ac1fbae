using System.Globalization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Panel.Services.Localization;

namespace Panel.Web.Shared;

/// <summary>What every view may ask of its request: hashed asset addresses, the theme, and the one sentence that is
/// said after a redirect.</summary>
internal static class Page
{
    private const string SaidKey = "said";
    private const string RefreshKey = "Panel.Refresh";

    /// <summary>The fingerprinted address of a file below wwwroot, so that it may be cached for ever.</summary>
    public static string Asset(this HttpContext http, string path)
    {
        var assets = http.GetEndpoint()?.Metadata.GetMetadata<ResourceAssetCollection>();
        return http.Request.PathBase.Add("/" + (assets?[path] ?? path));
    }

    /// <summary><c>light</c> or <c>dark</c> when the visitor chose one, null to follow the system.</summary>
    public static string? Theme(this HttpContext http) =>
        http.Request.Cookies["theme"] is "light" or "dark" ? http.Request.Cookies["theme"] : null;

    public static string Language(this HttpContext _) => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName is { Length: 2 } l and not "iv" ? l : "en";

    /// <summary>The sentences in the language of this page: the list's on public pages, else the visitor's.</summary>
    public static PhraseBook Words(this ViewContext view) => Phrases.In(view.ViewData["Language"] as string ?? view.HttpContext.Language());

    /// <summary>The sentence that the last request left for this page, once.</summary>
    public static string? Said(this ITempDataDictionary temp) => temp[SaidKey] as string;

    /// <summary>Asks the layout to refresh the page by itself where scripts are off; <c>?still</c> stops it.</summary>
    public static void RefreshEvery(this HttpContext http, int seconds) => http.Items[RefreshKey] = seconds;

    public static int? Refresh(this HttpContext http) =>
        http.Request.Query.ContainsKey("still") ? null : http.Items[RefreshKey] as int?;
}
