using Panel.Services.Finger.Following;
using Panel.Services.Finger.Posts;
using Panel.Services.Members;

namespace Panel.Services.Finger;

/// <summary>The account, all posts, whom the member follows and every plan that is kept.</summary>
internal sealed class FingerExport(FingerAccounts accounts, FingerPosts posts, Follows follows) : IExportPart
{
    public async Task WriteAsync(Actor by, Member member, ExportArchive to, CancellationToken ct)
    {
        await to.AddAsync("finger.json", (await accounts.ShowAsync(by, member.Handle, ct)).Value, ct);
        var written = new List<PostPage>();
        while ((await posts.ListAsync(by, member.Handle, written.Count > 0 ? written[^1].Id : null, ct)).Value is { Count: > 0 } page)
        {
            written.AddRange(page);
        }

        await to.AddAsync("finger/posts.json", written, ct);
        await to.AddAsync("finger/following.json", (await follows.ListAsync(by, member.Handle, ct)).Value, ct);
        await to.AddAsync("finger/plans.json", (await accounts.PlansAsync(by, member.Handle, ct)).Value, ct);
    }
}
