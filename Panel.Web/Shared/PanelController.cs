using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Panel.Services;
using Panel.Web.Doors;

namespace Panel.Web.Shared;

/// <summary>What every page shares: who asks, and how an expected no is shown.</summary>
public abstract class PanelController : Controller
{
    protected Actor Me => HttpContext.Actor();

    protected string MyHandle => User.Identity!.Name!;

    /// <summary>404 for what is not there (or not yours), 403 for what nobody of this kind may do, otherwise the form again
    /// with 422 and the words beside its field.</summary>
    protected IActionResult Refuse(Refusal no, string view, object? form)
    {
        switch (no)
        {
            case NotThere:
                return NotFound();
            case NotAllowed:
                return Forbid();
            case TakenAway:
                return StatusCode(StatusCodes.Status410Gone);
            default:
                ModelState.AddModelError(no.Field ?? "", no.Message);
                return Again(view, form);
        }
    }

    /// <summary>The form again, with 422, because a field does not bind or does not hold.</summary>
    protected IActionResult Again(string view, object? form)
    {
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return View(view, form);
    }

    /// <summary>A sentence shown once on the next page.</summary>
    protected void Say(string sentence) => TempData["said"] = sentence;
}
