using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Members;

namespace Panel.Web.Doors;

/// <summary>Who comes by the API, the operator's socket or the agent's socket: a bearer token, or the uid of the peer.
/// Cookies do not count here, so no page of another site can speak through a member's browser.</summary>
internal sealed class DoorAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiTokens tokens, IOptions<PanelOptions> panel)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "Door";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Features.Get<SocketPeer>() is { } peer)
        {
            return OfPeer(peer);
        }

        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        if (await tokens.VerifyAsync(header["Bearer ".Length..].Trim(), Context.RequestAborted) is not { } found)
        {
            return AuthenticateResult.Fail("The token is unknown, expired or revoked.");
        }

        return Ticket(SignIn.Identity(found.Member, Scheme, new Claim("door", nameof(Door.Api)), new Claim("scopes", string.Join(' ', found.Scopes))));
    }

    private AuthenticateResult OfPeer(SocketPeer peer)
    {
        if (!peer.IsTrusted(panel.Value.StartedByRoot, PeerUid.Own))
        {
            return AuthenticateResult.Fail($"uid {peer.Uid} may not use this socket.");
        }

        var (name, door) = peer.Kind == SocketKind.Operator ? (Actor.Operator(peer.Uid!.Value).Name, Door.Cli) : ("agent", Door.Agent);
        var identity = new ClaimsIdentity(Scheme, ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new Claim(ClaimTypes.Name, name));
        identity.AddClaim(new Claim("door", door.ToString()));
        if (peer.Kind == SocketKind.Operator)
        {
            identity.AddClaim(new Claim(ClaimTypes.Role, SignIn.AdminRole));
        }

        return Ticket(identity);
    }

    private static AuthenticateResult Ticket(ClaimsIdentity identity) =>
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme));
}
