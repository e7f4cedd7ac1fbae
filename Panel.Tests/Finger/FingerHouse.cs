using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Finger;
using Panel.Services.Finger.Posts;
using Panel.Services.Members;

namespace Panel.Tests.Finger;

/// <summary>What these tests do with a running Panel: set accounts, and ask as a finger client would.</summary>
internal static class FingerHouse
{
    public static Task<Outcome<FingerPage>> SetAsync(this PanelApp app, Actor by, string handle, FingerChanges changes) =>
        app.WithAsync<FingerAccounts, Outcome<FingerPage>>(a => a.SetAsync(by, handle, changes, CancellationToken.None));

    public static async Task<FingerPage> SetAsync(this PanelApp app, string handle, FingerChanges changes)
    {
        var set = await app.SetAsync(PanelApp.Admin, handle, changes);
        Assert.Null(set.Refused);
        return set.Value!;
    }

    public static Task<Outcome<PostPage>> PostAsync(this PanelApp app, Actor by, string handle, string text) =>
        app.WithAsync<FingerPosts, Outcome<PostPage>>(p => p.AddAsync(by, handle, new NewPost(text), CancellationToken.None));

    /// <summary>Lets the second pass after which a suspension is in every answer.</summary>
    public static void Forget(this PanelApp app) => app.Services.GetRequiredService<FingerDesk>().Forget();

    public static Task<string> AskAsync(this PanelApp app, string line) => app.Services.GetRequiredService<FingerDesk>().AskAsync(line);

    public static async Task<string> AskAsync(this FingerDesk desk, string line) =>
        Encoding.UTF8.GetString((await desk.AnswerAsync(FingerQuery.Parse(Encoding.UTF8.GetBytes(line)), CancellationToken.None)).Bytes.Span);

    public static async Task SuspendAsync(this PanelApp app, string handle) => Assert.Null((await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(
        m => m.SuspendAsync(PanelApp.Admin, handle, CancellationToken.None))).Refused);

    public static async Task RemoveAsync(this PanelApp app, string handle) => Assert.Null((await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(
        m => m.RemoveAsync(PanelApp.Admin, handle, CancellationToken.None))).Refused);
}
