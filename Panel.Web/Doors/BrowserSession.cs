using System.Buffers.Text;
using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc;
using Panel.Services.Members;

namespace Panel.Web.Doors;

/// <summary>Begins and ends what the cookie of a browser stands for.</summary>
internal static class BrowserSession
{
    private const string HalfClaim = "half";

    /// <summary>A new key at every sign-in, so that a cookie planted before it is worth nothing.</summary>
    public static async Task StartSessionAsync(this HttpContext context, Member member, string way, CancellationToken ct)
    {
        var sessions = context.RequestServices.GetRequiredService<Sessions>();
        if (context.SessionKey() is { } before)
        {
            await sessions.EndAsync(before, ct);
        }

        await context.SignOutAsync(IdentityConstants.TwoFactorUserIdScheme);
        var key = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        await sessions.StartAsync(member, key, context.Request.Headers.UserAgent.ToString(), way, ct);
        var identity = SignIn.Identity(member, IdentityConstants.ApplicationScheme, new Claim(SignIn.SessionClaim, key));
        await context.SignInAsync(IdentityConstants.ApplicationScheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = true });
    }

    /// <summary>Remembers for five minutes that the password was right and the code is still to come.</summary>
    public static Task StartHalfAsync(this HttpContext context, Member member)
    {
        var half = new ClaimsIdentity([new Claim(HalfClaim, $"{member.Id} {member.SecurityStamp}")], IdentityConstants.TwoFactorUserIdScheme);
        return context.SignInAsync(IdentityConstants.TwoFactorUserIdScheme, new ClaimsPrincipal(half));
    }

    /// <summary>Whose password was right a moment ago, and their security stamp then.</summary>
    public static async Task<(long Id, string Stamp)?> HalfAsync(this HttpContext context)
    {
        var half = await context.AuthenticateAsync(IdentityConstants.TwoFactorUserIdScheme);
        return half.Principal?.FindFirstValue(HalfClaim)?.Split(' ', 2) is [var id, var stamp] ? (long.Parse(id, CultureInfo.InvariantCulture), stamp) : null;
    }

    public static async Task EndSessionAsync(this HttpContext context, CancellationToken ct)
    {
        if (context.SessionKey() is { } key)
        {
            await context.RequestServices.GetRequiredService<Sessions>().EndAsync(key, ct);
        }

        await context.SignOutAsync(IdentityConstants.ApplicationScheme);
    }

    public static string? SessionKey(this HttpContext context) => context.User.FindFirstValue(SignIn.SessionClaim);

    /// <summary>Where the reader wanted to go, if that is on this site; else home.</summary>
    public static string Back(this ControllerBase controller, string? wanted) => controller.Url.IsLocalUrl(wanted) ? wanted : "/";

    /// <summary>303: the answer to a form that changed something is a page to look at (RFC 9110 §15.4.4).</summary>
    public static IActionResult SeeOther(this ControllerBase controller, string path)
    {
        controller.Response.Headers.Location = UriHelper.Encode(new Uri(controller.Request.PathBase + path, UriKind.Relative));
        return new StatusCodeResult(StatusCodes.Status303SeeOther);
    }
}
