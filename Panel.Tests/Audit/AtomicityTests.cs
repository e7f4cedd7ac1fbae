using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Tests.Audit;

public class AtomicityTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A_change_that_the_database_refuses_leaves_no_entry(string provider)
    {
        using var app = new PanelApp(provider);
        await app.MemberAsync("ann");
        await using (var scope = app.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
            scope.ServiceProvider.GetRequiredService<AuditTrail>().Add(PanelApp.Admin, 1, "package.add", "standard");
            db.Add(new Package { Name = Package.Standard });
            await Assert.ThrowsAsync<DbUpdateException>(() => db.SaveChangesAsync());
        }

        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, "ann", CancellationToken.None));

        var entries = await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(PanelApp.Admin, null, null, CancellationToken.None));
        Assert.Equal(["member.suspend", "member.add"], entries.Value!.Where(e => e.Action.StartsWith("member", StringComparison.Ordinal) || e.Action == "package.add").Select(e => e.Action));
        Assert.Null((await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, CancellationToken.None))).Value!.Broken);
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task Changes_at_the_same_moment_never_fork_a_chain(string provider)
    {
        using var app = new PanelApp(provider);
        await app.MemberAsync("ann");
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async i =>
        {
            await using var scope = app.Services.CreateAsyncScope();
            scope.ServiceProvider.GetRequiredService<AuditTrail>().Add(PanelApp.Admin, 1, "test.add", $"{i}");
            await scope.ServiceProvider.GetRequiredService<PanelDb>().SaveChangesAsync();
        }));

        var verdict = (await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, CancellationToken.None))).Value!;
        Assert.Null(verdict.Broken);
        Assert.True(verdict.Entries >= 13);
    }
}
