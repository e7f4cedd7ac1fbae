using Panel.Services;
using Panel.Services.Members;

namespace Panel.Web.Api;

internal static class MembersApi
{
    public static void MapMembers(this RouteGroupBuilder api)
    {
        var setup = api.MapGroup("/setup").Scope("admin");
        setup.MapPost("/link", async (Actor by, Invitations invitations, CancellationToken ct) => (await invitations.FirstAdminAsync(by, ct)).ToResult());

        var members = api.MapGroup("/members").Scope("account");
        members.MapGet("/", async (Actor by, Services.Members.Members all, CancellationToken ct) => TypedResults.Ok(await all.ListAsync(by, ct)));
        members.MapPost("/", async (NewMember wanted, Actor by, Services.Members.Members all, CancellationToken ct) => (await all.AddAsync(by, wanted, ct)).ToCreated());
        members.MapGet("/{handle}", async (string handle, Actor by, Services.Members.Members all, CancellationToken ct) => (await all.ShowAsync(by, handle, ct)).ToResult());
        members.MapDelete("/{handle}", async (string handle, Actor by, Services.Members.Members all, CancellationToken ct) => (await all.RemoveAsync(by, handle, ct)).ToResult());
        members.MapPost("/{handle}/invitation", async (string handle, Actor by, Services.Members.Members all, CancellationToken ct) => (await all.InviteAgainAsync(by, handle, ct)).ToCreated());
        members.MapPut("/{handle}/suspension", async (string handle, Actor by, Services.Members.Members all, CancellationToken ct) => (await all.SuspendAsync(by, handle, ct)).ToResult());
        members.MapDelete("/{handle}/suspension", async (string handle, Actor by, Services.Members.Members all, CancellationToken ct) => (await all.ResumeAsync(by, handle, ct)).ToResult());
        members.MapPut("/{handle}/package", async (string handle, GivenPackage wanted, Actor by, Services.Members.Members all, CancellationToken ct) =>
            (await all.ChangePackageAsync(by, handle, wanted.Package, ct)).ToResult());
    }

    internal sealed record GivenPackage(string Package);
}
