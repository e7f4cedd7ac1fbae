using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Tests.Audit;

public class AuditTrailTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Every_change_is_in_the_chain_of_its_member(string provider)
    {
        using var app = new PanelApp(provider);
        await app.MemberAsync("ann");
        await app.MemberAsync("bob");

        var verdict = await VerifyAsync(app);

        Assert.Equal(2, verdict.Entries);
        Assert.Null(verdict.Broken);
    }

    [Theory]
    [InlineData("UPDATE audit_entries SET actor = 'nobody' WHERE id = 1")]
    [InlineData("UPDATE audit_values SET new = 'evil@example.org' WHERE field = 'email'")]
    [InlineData("DELETE FROM audit_values; DELETE FROM audit_entries")]
    [InlineData("UPDATE audit_entries SET number = 2")]
    [InlineData("DELETE FROM audit_heads")]
    public async Task A_hand_edit_is_found(string edit)
    {
        using var app = new PanelApp();
        await app.MemberAsync("ann");
        await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlRawAsync(edit));

        Assert.NotNull((await VerifyAsync(app)).Broken);
    }

    [Fact]
    public async Task Erasing_the_values_of_a_person_keeps_the_chain_whole()
    {
        using var app = new PanelApp();
        await app.MemberAsync("ann");
        await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlRawAsync("UPDATE audit_values SET old = NULL, new = NULL"));

        Assert.Null((await VerifyAsync(app)).Broken);
    }

    [Fact]
    public async Task A_member_reads_only_their_own()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");

        var own = await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(ann, "ann", null, CancellationToken.None));
        var others = await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(ann, "bob", null, CancellationToken.None));

        Assert.Single(own.Value!);
        Assert.IsType<NotThere>(others.Refused);
    }

    private static async Task<AuditVerdict> VerifyAsync(PanelApp app) =>
        (await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, CancellationToken.None))).Value!;
}
