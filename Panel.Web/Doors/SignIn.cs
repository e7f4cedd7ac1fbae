using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Members;

namespace Panel.Web.Doors;

/// <summary>The policies that every route names one of. There is no default: a route without one fails a test.</summary>
internal static class Policies
{
    /// <summary>A signed-in member, on pages.</summary>
    public const string Member = "member";

    /// <summary>A signed-in admin, on pages.</summary>
    public const string Admin = "admin";

    /// <summary>A token or the operator, on the API.</summary>
    public const string Api = "api";

    /// <summary>The local agent: uid 0 on the agent's own socket.</summary>
    public const string Agent = "agent";
}

internal static class SignIn
{
    public const string SessionClaim = "session";
    public const string AdminRole = "admin";

    public static IServiceCollection AddSignIn(this IServiceCollection services)
    {
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddIdentityCookies(cookies =>
        {
            cookies.ApplicationCookie!.Configure<IOptions<PanelOptions>>((cookie, panel) => Shape(cookie, panel.Value));
            cookies.TwoFactorUserIdCookie!.Configure<IOptions<PanelOptions>>((cookie, panel) => Protect(cookie, panel.Value, "half"));
        });
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, DoorAuthentication>(DoorAuthentication.Scheme, null);
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Member, p => p.AddAuthenticationSchemes(IdentityConstants.ApplicationScheme).RequireAuthenticatedUser())
            .AddPolicy(Policies.Admin, p => p.AddAuthenticationSchemes(IdentityConstants.ApplicationScheme).RequireRole(AdminRole))
            .AddPolicy(Policies.Api, p => p.AddAuthenticationSchemes(DoorAuthentication.Scheme).RequireClaim("door", nameof(Door.Api), nameof(Door.Cli)))
            .AddPolicy(Policies.Agent, p => p.AddAuthenticationSchemes(DoorAuthentication.Scheme).RequireClaim("door", nameof(Door.Agent)))
            .SetFallbackPolicy(new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build());
        services.AddLimits();
        services.AddHttpContextAccessor();
        services.AddScoped(s => s.GetRequiredService<IHttpContextAccessor>().HttpContext?.Actor() ?? Services.Actor.Job);
        return services;
    }

    /// <summary>Who is asking, from the claims that the door put there.</summary>
    public static Actor Actor(this HttpContext context)
    {
        var user = context.User;
        if (user.Identity?.IsAuthenticated != true)
        {
            return Services.Actor.Public;
        }

        var id = user.FindFirstValue(ClaimTypes.NameIdentifier) is { } text ? long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : (long?)null;
        var door = Enum.TryParse<Door>(user.FindFirstValue("door"), out var named) ? named : Door.Web;
        var scopes = user.FindFirstValue("scopes")?.Split(' ').ToHashSet(StringComparer.Ordinal);
        var reads = HttpMethods.IsGet(context.Request.Method);
        var admin = user.IsInRole(AdminRole) && (scopes is null || scopes.Contains("admin:write") || (reads && scopes.Contains("admin:read")));
        return new Actor(id, user.Identity.Name!, admin, door, scopes);
    }

    public static ClaimsIdentity Identity(Member member, string scheme, params IEnumerable<Claim> more)
    {
        var identity = new ClaimsIdentity(scheme, ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, member.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        identity.AddClaim(new Claim(ClaimTypes.Name, member.Handle));
        if (member.IsAdmin)
        {
            identity.AddClaim(new Claim(ClaimTypes.Role, AdminRole));
        }

        identity.AddClaims(more);
        return identity;
    }

    private static void Shape(CookieAuthenticationOptions cookie, PanelOptions panel)
    {
        Protect(cookie, panel, "panel");
        cookie.ExpireTimeSpan = TimeSpan.FromDays(14);
        cookie.SlidingExpiration = true;
        cookie.LoginPath = "/sign-in";
        cookie.Events.OnValidatePrincipal = CheckSessionAsync;
        cookie.Events.OnRedirectToAccessDenied = context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        };
    }

    private static void Protect(CookieAuthenticationOptions cookie, PanelOptions panel, string name)
    {
        var https = panel.PublicUri.Scheme == Uri.UriSchemeHttps;
        cookie.Cookie.Name = https ? $"__Host-{name}" : name;
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = https ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
    }

    /// <summary>The cookie only names a session; the row decides, so that ending it here or on suspension is at once.
    /// Admin or not is read anew each time: a changed role never waits for a new sign-in.</summary>
    private static async Task CheckSessionAsync(CookieValidatePrincipalContext context)
    {
        var key = context.Principal?.FindFirstValue(SessionClaim);
        var sessions = context.HttpContext.RequestServices.GetRequiredService<Sessions>();
        var member = key is null ? null : await sessions.CheckAsync(key, context.HttpContext.RequestAborted);
        if (member is null)
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(IdentityConstants.ApplicationScheme);
            return;
        }

        context.ReplacePrincipal(new ClaimsPrincipal(Identity(member, IdentityConstants.ApplicationScheme, new Claim(SessionClaim, key!))));
    }
}
