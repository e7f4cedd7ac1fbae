using Panel.Services;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Approving;
using Panel.Services.Newsletters.Writing;

namespace Panel.Web.Api;

internal static class IssuesApi
{
    public static void MapIssues(this RouteGroupBuilder api)
    {
        var ofList = api.MapGroup("/members/{handle}/lists/{name}/issues").Scope("lists");
        ofList.MapGet("/", async (string handle, string name, Actor by, Issues all, CancellationToken ct) => (await all.ListAsync(by, handle, name, ct)).ToResult());
        ofList.MapPost("/", async (string handle, string name, IssueWords words, Actor by, Issues all, CancellationToken ct) => (await all.AddAsync(by, handle, name, words, ct)).ToCreated());

        var issue = api.MapGroup("/issues/{id:long}").Scope("lists");
        issue.MapGet("/", async (long id, Actor by, Issues all, CancellationToken ct) => (await all.ShowAsync(by, id, ct)).ToResult());
        issue.MapPut("/", async (long id, IssueWords words, Actor by, Issues all, CancellationToken ct) => (await all.UpdateAsync(by, id, words, ct)).ToResult());
        issue.MapPost("/copies", async (long id, Actor by, Issues all, CancellationToken ct) => (await all.CopyAsync(by, id, ct)).ToCreated());
        issue.MapGet("/checks", async (long id, Actor by, IssueChecks all, CancellationToken ct) => (await all.CheckAsync(by, id, ct)).ToResult());
        issue.MapGet("/versions", async (long id, Actor by, IssueVersions all, CancellationToken ct) => (await all.ListAsync(by, id, ct)).ToResult());
        issue.MapGet("/preview", async (long id, Actor by, Issues all, CancellationToken ct) => (await all.PreviewAsync(by, id, ct)).ToResult());
        issue.MapPost("/tests", async (long id, TestTo test, Actor by, Issues all, CancellationToken ct) => (await all.TestAsync(by, id, test.To, ct)).ToResult());
        issue.MapPost("/dispatch", async (long id, SendAt when, Actor by, Dispatches all, CancellationToken ct) => (await all.SendAsync(by, id, when.At, ct)).ToResult());
        issue.MapDelete("/dispatch", async (long id, Actor by, Dispatches all, CancellationToken ct) => (await all.TakeBackAsync(by, id, ct)).ToResult());
        issue.MapPut("/pause", async (long id, Actor by, Dispatches all, CancellationToken ct) => (await all.PauseAsync(by, id, ct)).ToResult());
        issue.MapDelete("/pause", async (long id, Actor by, Dispatches all, CancellationToken ct) => (await all.ResumeAsync(by, id, ct)).ToResult());
        issue.MapPost("/cancellation", async (long id, Actor by, Dispatches all, CancellationToken ct) => (await all.CancelAsync(by, id, ct)).ToResult());
        issue.MapPut("/withdrawal", async (long id, Actor by, Archives all, CancellationToken ct) => (await all.WithdrawAsync(by, id, back: false, ct)).ToResult());
        issue.MapDelete("/withdrawal", async (long id, Actor by, Archives all, CancellationToken ct) => (await all.WithdrawAsync(by, id, back: true, ct)).ToResult());
        issue.MapPost("/retry", async (long id, bool? unknown, Actor by, Dispatches all, CancellationToken ct) => (await all.RetryAsync(by, id, unknown == true, ct)).ToResult());
        issue.MapGet("/approval", async (long id, Actor by, Approvals all, CancellationToken ct) => (await all.ShowAsync(by, id, ct)).ToResult());
        issue.MapPost("/approval", async (long id, Actor by, Approvals all, CancellationToken ct) => (await all.AskAsync(by, id, ct)).ToResult());
        issue.MapPut("/approval", async (long id, Look look, Actor by, Approvals all, CancellationToken ct) =>
            (look.Objection is null ? await all.ApproveAsync(by, id, look.Version, ct) : await all.ObjectAsync(by, id, look.Version, look.Objection, ct)).ToResult());
        issue.MapGet("/report/domains", async (long id, Actor by, DomainReports all, CancellationToken ct) => (await all.ShowAsync(by, id, ct)).ToResult());
        issue.MapGet("/report", async (long id, bool? deliveries, Actor by, Reports all, CancellationToken ct) => (await all.ShowAsync(by, id, deliveries == true, ct)).ToResult());
    }

    /// <param name="Version">What was looked at, as <c>GET approval</c> names it.</param>
    /// <param name="Objection">What should change; null is a yes.</param>
    internal sealed record Look(string? Version, string? Objection = null);

    internal sealed record TestTo(string? To);

    /// <param name="At">When to send, with its offset; null is now.</param>
    internal sealed record SendAt(DateTimeOffset? At);
}
