using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Panel.Services;
using Panel.Services.Hosting;
using Panel.Services.Members;

namespace Panel.Web.Doors;

/// <summary>Who comes by the API, the operator's socket or the agent's socket: a bearer token, or the uid of the peer.
/// Cookies do not count here, so no page of another site can speak through a member's browser.</summary>
internal sealed class DoorAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiTokens tokens, HostInvitations hosts, IOptions<PanelOptions> panel)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "Door";

    /// <summary>On an agent of another machine: the id of the host that its token speaks for.</summary>
    public const string HostClaim = "host";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var peer = Context.Features.Get<SocketPeer>();
        if (peer is { Kind: not SocketKind.Remote })
        {
            return OfPeer(peer);
        }

        var header = Request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var token = header["Bearer ".Length..].Trim();
        if (peer is not null)
        {
            return await hosts.HostOfAsync(token, Context.RequestAborted) is { } host ? OfAgent(new Claim(HostClaim, $"{host}")) : AuthenticateResult.Fail("No host has this token.");
        }

        if (await tokens.VerifyAsync(token, Context.RequestAborted) is not { } found)
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

        return peer.Kind == SocketKind.Agent
            ? OfAgent()
            : Ticket(Identity(Actor.Operator(peer.Uid!.Value).Name, Door.Cli, new Claim(ClaimTypes.Role, SignIn.AdminRole)));
    }

    private static AuthenticateResult OfAgent(params Claim[] more) => Ticket(Identity("agent", Door.Agent, more));

    private static ClaimsIdentity Identity(string name, Door door, params Claim[] more) =>
        new([new Claim(ClaimTypes.Name, name), new Claim("door", door.ToString()), .. more], Scheme, ClaimTypes.Name, ClaimTypes.Role);

    private static AuthenticateResult Ticket(ClaimsIdentity identity) =>
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme));
}
