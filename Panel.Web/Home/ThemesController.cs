using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Web.Shared;

namespace Panel.Web.Home;

[Area("Home"), AllowAnonymous]
public sealed class ThemesController : PanelController
{
    /// <summary>Keeps light or dark for a year in this browser; anything else follows the system again.</summary>
    [HttpPost("/theme")]
    public IActionResult Update([FromForm] string? theme, [FromForm] string? back)
    {
        if (theme is "light" or "dark")
        {
            Response.Cookies.Append("theme", theme, new CookieOptions { MaxAge = TimeSpan.FromDays(365), SameSite = SameSiteMode.Lax, HttpOnly = true, IsEssential = true });
        }
        else
        {
            Response.Cookies.Delete("theme");
        }

        return Url.IsLocalUrl(back) ? LocalRedirect(back) : RedirectToAction("Index", "Home");
    }
}
