using System.Net;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Tests.Members;

/// <summary>Class 9: whoever lost every way in starts anew by a new invitation, and whatever was lost opens nothing any more.</summary>
public sealed class RecoveryTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task Class_9_recovery_removes_passkeys_revokes_tokens_and_ends_sessions(string provider)
    {
        using var app = new PanelApp(provider);
        using var before = await app.SignInAsync("ann");
        await using var scope = app.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        var id = await db.Users.Where(m => m.UserName == "ann").Select(m => m.Id).SingleAsync();
        using var token = await app.TokenClientAsync(Actor.Member(id, "ann", false, Door.Web));
        db.Add(new IdentityUserPasskey<long> { UserId = id, CredentialId = [1, 2, 3], Data = new IdentityPasskeyData { PublicKey = [1], Name = "lost phone", AttestationObject = [], ClientDataJson = [], Transports = [] } });
        await db.SaveChangesAsync();
        using (var works = await token.GetAsync("/api/v1/members/ann/sites"))
        {
            Assert.Equal(HttpStatusCode.OK, works.StatusCode);
        }

        var again = await app.WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m => m.InviteAgainAsync(PanelApp.Admin, "ann", CancellationToken.None));

        // The invitation alone changes nothing; being used, it changes everything.
        Assert.Equal(1, await db.Set<IdentityUserPasskey<long>>().CountAsync(p => p.UserId == id));
        using var after = app.Visitor();
        using var joined = await after.SendFormAsync(again.Value!.InviteUrl.AbsolutePath, ("Name", "Ann"), ("Password", "another long password"));
        Assert.Equal(HttpStatusCode.SeeOther, joined.StatusCode);
        Assert.Equal(0, await db.Set<IdentityUserPasskey<long>>().CountAsync(p => p.UserId == id));
        Assert.False(await db.Set<ApiToken>().AnyAsync(t => t.MemberId == id && t.RevokedAt == null));
        using var refused = await token.GetAsync("/api/v1/members/ann/sites");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        using var gone = await before.GetAsync("/account");
        Assert.Equal(HttpStatusCode.Redirect, gone.StatusCode);
        using var twice = await app.Visitor().SendFormAsync(again.Value.InviteUrl.AbsolutePath, ("Name", "Eve"), ("Password", "a third long password"));
        Assert.NotEqual(HttpStatusCode.SeeOther, twice.StatusCode);
    }
}
