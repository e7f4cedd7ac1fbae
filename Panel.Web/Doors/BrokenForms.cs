using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace Panel.Web.Doors;

/// <summary>A form that cannot be read (torn, too many fields, a NUL) is answered 400. MVC would go on with nothing bound, not even what the
/// address says, so that a page which is there would be answered 404.</summary>
internal sealed class BrokenForms : IActionFilter, IOrderedFilter
{
    // Before the controller's own look at what was bound.
    public int Order => int.MinValue;

    public void OnActionExecuting(ActionExecutingContext context)
    {
        // That a value provider could not be made has no field's name.
        if (context.HttpContext.Request.HasFormContentType && context.ModelState.TryGetValue("", out var whole) && whole.Errors.Count > 0)
        {
            context.Result = new StatusCodeResult(StatusCodes.Status400BadRequest);
        }
    }

    public void OnActionExecuted(ActionExecutedContext context)
    {
    }
}

/// <summary>The address alone decides; whatever the body is, it is not read.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class BodyNotReadAttribute : Attribute, IResourceFilter
{
    public void OnResourceExecuting(ResourceExecutingContext context)
    {
        context.ValueProviderFactories.RemoveType<FormValueProviderFactory>();
        context.ValueProviderFactories.RemoveType<FormFileValueProviderFactory>();
        context.ValueProviderFactories.RemoveType<JQueryFormValueProviderFactory>();
    }

    public void OnResourceExecuted(ResourceExecutedContext context)
    {
    }
}
