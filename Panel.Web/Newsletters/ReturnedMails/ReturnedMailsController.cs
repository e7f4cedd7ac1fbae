using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters.Returning;
using Panel.Web.Doors;
using Panel.Web.Shared;

namespace Panel.Web.Newsletters;

public sealed record ReturnedView(string Name, ReturnedKind? Kind, IReadOnlyList<ReturnedPage> Mails)
{
    public static string Words(ReturnedKind kind) => kind switch
    {
        ReturnedKind.Hard => "Address is dead",
        ReturnedKind.Soft => "Not this time",
        ReturnedKind.Progress => "On its way",
        ReturnedKind.Complaint => "Complaint",
        ReturnedKind.AutoReply => "Automatic answer",
        ReturnedKind.Reply => "Somebody wrote",
        _ => "Not understood",
    };

    public static string Word(ReturnedKind kind) => $"{char.ToLowerInvariant(kind.ToString()[0])}{kind.ToString()[1..]}";
}

[Area("Newsletters"), Authorize(Policies.Member), Route("newsletters/{name}/returned")]
public sealed class ReturnedMailsController(ReturnedMails returned) : PanelController
{
    [HttpGet("")]
    public async Task<IActionResult> Index([FromRoute] string name, ReturnedKind? kind, long? before, CancellationToken ct) =>
        await returned.ListAsync(Me, MyHandle, name, kind, before, ct) is { Value: { } mails } ? View(new ReturnedView(name, kind, mails)) : NotFound();
}
