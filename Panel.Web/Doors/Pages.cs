using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Razor;
using Panel.Services.Data;
using Panel.Web.Api;
using Panel.Web.Shared;

namespace Panel.Web.Doors;

/// <summary>The web door: MVC areas as feature folders, attribute routes only, one strict content policy.</summary>
internal static class Pages
{
    public const string ContentPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddControllersWithViews(mvc =>
        {
            mvc.Filters.Add(new AutoValidateAntiforgeryTokenAttribute());
            mvc.Filters.Add(new BrokenForms());
        });
        services.Configure<RazorViewEngineOptions>(o =>
        {
            o.AreaViewLocationFormats.Clear();
            o.AreaViewLocationFormats.Add("/{2}/{1}/{0}.cshtml");
            o.AreaViewLocationFormats.Add("/{2}/{0}.cshtml");
            o.AreaViewLocationFormats.Add("/Shared/{0}.cshtml");
            o.ViewLocationFormats.Clear();
            o.ViewLocationFormats.Add("/Shared/{0}.cshtml");
        });
        services.AddProxies();
        services.AddScoped<Home.Dashboard>();
        services.AddSingleton<EventStream>();
        services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "form";
            o.Cookie.SameSite = SameSiteMode.Strict;
        });
        return services;
    }

    /// <summary>Applies the schema before the first request is taken.</summary>
    public static async Task PrepareAsync(this WebApplication app)
    {
        await using var scope = app.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<SchemaSteps>().ApplyAsync();
    }

    public static void UseDoors(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.Use((context, next) =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = ContentPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            return next(context);
        });
        // Agents of other machines come by a listener that knows nothing but their own addresses.
        app.UseWhen(c => c.Features.Get<SocketPeer>() is { Kind: SocketKind.Remote } && !c.Request.Path.StartsWithSegments("/agent/v1"), no => no.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }));
        app.UseWhen(IsPage, pages =>
        {
            pages.UseExceptionHandler("/problem/500");
            pages.UseStatusCodePagesWithReExecute("/problem/{0}");
        });
        app.UseWhen(c => c.Request.Path.StartsWithSegments("/api"), api => api.UseExceptionHandler(broken => broken.Run(Broken.AnswerAsync)));
        app.UseRouting();
        app.UseWhen(IsTooLarge, no => no.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return Task.CompletedTask;
        }));
        app.UseRateLimiter();
        app.UseAuthentication();
        app.UseAuthorization();
    }

    // Said before the form is read: its token would be the first to be missed, and the page would speak of an old form.
    private static bool IsTooLarge(HttpContext context) =>
        context.Request.ContentLength > (context.GetEndpoint()?.Metadata.GetMetadata<IRequestSizeLimitMetadata>() is { } own ? own.MaxRequestBodySize : Listeners.MostBodyBytes)
        && IsPage(context) && context.Features.Get<IStatusCodeReExecuteFeature>() is null;

    // The other doors answer problems in their own form.
    private static bool IsPage(HttpContext context) =>
        !context.Request.Path.StartsWithSegments("/api") && !context.Request.Path.StartsWithSegments("/agent") && !context.Request.Path.StartsWithSegments("/health")
        && context.Features.Get<SocketPeer>() is null;

    public static void MapPages(this WebApplication app)
    {
        app.MapStaticAssets().AllowAnonymous();
        app.MapControllers().WithStaticAssets();
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/health/live", () => "live").AllowAnonymous();
        app.MapGet("/health/ready", async (PanelDb db, CancellationToken ct) =>
            await db.Database.CanConnectAsync(ct) ? Results.Text("ready") : Results.StatusCode(503)).AllowAnonymous();
    }
}
