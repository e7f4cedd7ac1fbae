using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Newsletters.Returning;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

[Area("Newsletters"), Authorize(Policies.Admin), Route("mail")]
public sealed class MailSettingsController(MailSettings settings) : PanelController
{
    [HttpGet("")]
    public IActionResult Show() => settings.Show(Me) is { Value: { } page } ? View(page) : Forbid();
}
