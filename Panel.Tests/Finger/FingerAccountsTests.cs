using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Finger;

namespace Panel.Tests.Finger;

public class FingerAccountsTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task What_a_member_writes_is_in_the_very_next_answer_and_in_the_audit(string provider)
    {
        using var app = new PanelApp(provider, ("Finger:Host", "here.example"));
        var ann = await app.MemberAsync("ann");
        Assert.Equal("Login: ann\r\nName: ann\r\nAddress: ann@here.example\r\nNo Plan.\r\n", await app.AskAsync("ann\r\n"));

        var set = await app.SetAsync(ann, "ann", new FingerChanges("Ann Artist", "https://ann.example/", "The stairwell\n", "Painting.\r\nBring a chair.\r\n"));

        Assert.Null(set.Refused);
        Assert.Equal(
            "Login: ann\r\nName: Ann Artist\r\nAddress: ann@here.example\r\nWeb page: https://ann.example/\r\nProject: The stairwell\r\nPlan:\r\nPainting.\r\nBring a chair.\r\n",
            await app.AskAsync("ann\r\n"));
        var audit = await app.WithAsync<AuditTrail, Outcome<IReadOnlyList<AuditPage>>>(a => a.ListAsync(ann, "ann", null, CancellationToken.None));
        var entry = audit.Value![0];
        Assert.Equal(("finger.set", "ann", Door.Web), (entry.Action, entry.Actor, entry.Door));
        Assert.Contains(new AuditChange("plan", "", "Painting.\nBring a chair.\n"), entry.Changes);
        Assert.DoesNotContain(entry.Changes, c => c.Field == "hidden");
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task R16_control_characters_are_refused_with_their_place_and_nothing_changes(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        await app.SetAsync("ann", new FingerChanges(Plan: "good"));

        var set = await app.SetAsync(ann, "ann", new FingerChanges(Project: "new", Plan: "one\ntwo \u001b[31mred"));

        Assert.Equal("plan", set.Refused!.Field);
        Assert.Contains("line 2, column 5: ^[ (U+001B)", set.Refused.Message, StringComparison.Ordinal);
        var answer = await app.AskAsync("ann");
        Assert.EndsWith("Plan:\r\ngood\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Project", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R16_what_is_too_long_or_no_single_line_is_refused()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");

        Assert.Equal("plan", (await app.SetAsync(ann, "ann", new FingerChanges(Plan: new string('é', 32_769)))).Refused?.Field);
        Assert.Null((await app.SetAsync(ann, "ann", new FingerChanges(Plan: new string('é', 32_768)))).Refused);
        Assert.Equal("project", (await app.SetAsync(ann, "ann", new FingerChanges(Project: "two\nlines"))).Refused?.Field);
        Assert.Equal("name", (await app.SetAsync(ann, "ann", new FingerChanges(Name: new string('x', 101)))).Refused?.Field);
        Assert.Equal("webPage", (await app.SetAsync(ann, "ann", new FingerChanges(WebPage: "javascript:alert(1)"))).Refused?.Field);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task R9_R18_hidden_withheld_suspended_removed_and_unknown_answer_alike(string provider)
    {
        using var app = new PanelApp(provider);
        foreach (var handle in new[] { "hidden", "withheld", "suspended", "removed" })
        {
            await app.MemberAsync(handle);
            await app.SetAsync(handle, new FingerChanges($"Paula {handle}", Plan: "secret", Listed: true));
            Assert.Contains("secret", await app.AskAsync(handle), StringComparison.Ordinal);
        }

        await app.SetAsync("hidden", new FingerChanges(Hidden: true));
        await app.SetAsync("withheld", new FingerChanges(Withheld: true));
        await app.SuspendAsync("suspended");
        await app.RemoveAsync("removed");
        app.Forget();

        foreach (var asked in new[] { "hidden", "withheld", "suspended", "removed", "unknown", "/W hidden", "paula", "Paula hidden", "%s", "../../etc/passwd", "a\0b", "\u001b[2J" })
        {
            Assert.Equal("There is nobody here by that name.\r\n", await app.AskAsync(asked));
        }

        Assert.Equal("Nobody here has chosen to be listed.\r\n", await app.AskAsync("\r\n"));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task R6_R18_only_who_chose_to_be_listed_is_found_by_name(string provider)
    {
        using var app = new PanelApp(provider, ("Finger:Host", "h"));
        foreach (var (handle, name, listed) in new[] { ("zoe", "Zoë Miller", true), ("max", "Max Miller", true), ("eva", "Eva Miller", false), ("miller", "Somebody Else", false) })
        {
            await app.MemberAsync(handle);
            await app.SetAsync(handle, new FingerChanges(name, Listed: listed));
        }

        Assert.Equal("Login  Name\r\nmax    Max Miller\r\nzoe    Zoë Miller\r\n", await app.AskAsync("\r\n"));
        Assert.StartsWith("Login: miller\r\n", await app.AskAsync("miller"), StringComparison.Ordinal);
        Assert.Equal("Login  Name\r\nmax    Max Miller\r\nzoe    Zoë Miller\r\n", await app.AskAsync("Miller"));
        Assert.StartsWith("Login: zoe\r\n", await app.AskAsync("ZOË   miller"), StringComparison.Ordinal);
        Assert.StartsWith("Login: max\r\n", await app.AskAsync("Max"), StringComparison.Ordinal);
        Assert.StartsWith("There is nobody", await app.AskAsync("Eva Miller"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R6_R14_the_admin_can_deny_the_list_or_cut_it()
    {
        using var denied = new PanelApp(more: ("Finger:List", "false"));
        using var cut = new PanelApp(more: ("Finger:ListLength", "1"));
        foreach (var handle in new[] { "ann", "bob" })
        {
            await cut.MemberAsync(handle);
            await cut.SetAsync(handle, new FingerChanges(Listed: true));
        }

        Assert.Equal("Finger online user list denied\r\n", await denied.AskAsync("/W\r\n"));
        Assert.Equal("Login  Name\r\nann    ann\r\nThere are more; please ask for them by name.\r\n", await cut.AskAsync("\r\n"));
    }

    [Theory]
    [InlineData("ann@elsewhere.example")]
    [InlineData("@elsewhere.example")]
    [InlineData("/W ann@elsewhere.example@here.example")]
    [InlineData("ann@")]
    public async Task R4_R5_R13_forwarding_is_refused(string asked)
    {
        using var app = new PanelApp(more: ("Finger:Host", "here.example"));
        await app.MemberAsync("ann");

        Assert.Equal("Finger forwarding service denied\r\n", await app.AskAsync(asked));
        Assert.StartsWith("Login: ann\r\n", await app.AskAsync("ann@HERE.example"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R11_there_are_no_vending_machines()
    {
        using var app = new PanelApp();

        Assert.Equal("There is nobody here by that name.\r\n", await app.AskAsync("coke"));
    }

    [Fact]
    public async Task R17_nothing_that_a_plan_or_a_query_says_is_run()
    {
        using var app = new PanelApp();
        await app.MemberAsync("ann");
        var mark = Path.Combine(app.Folder, "mark");
        await app.SetAsync("ann", new FingerChanges(Plan: $"#!/bin/sh\ntouch {mark}\n$(touch {mark})"));

        Assert.EndsWith($"Plan:\r\n#!/bin/sh\r\ntouch {mark}\r\n$(touch {mark})\r\n", await app.AskAsync("ann"), StringComparison.Ordinal);
        foreach (var asked in new[] { $"$(touch {mark})", $"`touch {mark}`", $"ann; touch {mark}", $"|touch {mark}" })
        {
            Assert.Equal("There is nobody here by that name.\r\n", await app.AskAsync(asked));
        }

        Assert.False(File.Exists(mark));
    }

    [Fact]
    public async Task Another_member_reaches_nothing_and_only_an_admin_withholds()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        var bob = await app.MemberAsync("bob");

        Assert.IsType<NotThere>((await app.SetAsync(bob, "ann", new FingerChanges(Plan: "bob was here"))).Refused);
        Assert.IsType<NotThere>((await app.SetAsync(ann, "nobody", new FingerChanges(Plan: "x"))).Refused);
        Assert.IsType<NotAllowed>((await app.SetAsync(ann, "ann", new FingerChanges(Withheld: false))).Refused);
        Assert.IsType<NotThere>((await app.WithAsync<FingerAccounts, Outcome<FingerPage>>(a => a.ShowAsync(bob, "ann", CancellationToken.None))).Refused);
        Assert.IsType<NotThere>((await app.WithAsync<FingerAccounts, Outcome<ReadOnlyMemory<byte>>>(a => a.TextAsync(bob, "ann", false, CancellationToken.None))).Refused);
        Assert.IsType<NotThere>((await app.WithAsync<FingerAccounts, Outcome<IReadOnlyList<FingerPlanPage>>>(a => a.PlansAsync(bob, "ann", CancellationToken.None))).Refused);
    }

    [Fact]
    public async Task A_withheld_account_stays_so_whatever_its_member_does()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        await app.SetAsync("ann", new FingerChanges(Withheld: true));

        var set = await app.SetAsync(ann, "ann", new FingerChanges(Hidden: false, Plan: "let me out"));

        Assert.True(set.Value!.Withheld);
        Assert.StartsWith("There is nobody", await app.AskAsync("ann"), StringComparison.Ordinal);
        await app.SetAsync("ann", new FingerChanges(Withheld: false));
        Assert.Contains("let me out", await app.AskAsync("ann"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Nobody_overwrites_unseen_and_every_plan_is_kept(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");
        var opened = (await app.SetAsync("ann", new FingerChanges(Plan: "first"))).Version;
        await app.SetAsync(ann, "ann", new FingerChanges(Plan: "second", Version: opened));

        Assert.IsType<InTheWay>((await app.SetAsync(ann, "ann", new FingerChanges(Plan: "third", Version: opened))).Refused);

        var plans = await app.WithAsync<FingerAccounts, Outcome<IReadOnlyList<FingerPlanPage>>>(a => a.PlansAsync(ann, "ann", CancellationToken.None));
        Assert.Equal([("second", "ann"), ("first", PanelApp.Admin.Name)], plans.Value!.Select(p => (p.Plan, p.WrittenBy)));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task Many_at_once_leave_one_whole_plan_and_a_whole_audit(string provider)
    {
        using var app = new PanelApp(provider);
        var ann = await app.MemberAsync("ann");

        var sets = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => app.SetAsync(ann, "ann", new FingerChanges(Plan: $"plan {i}"))));

        Assert.All(sets, s => Assert.Null(s.Refused));
        Assert.Equal(16, sets.Max(s => s.Value!.Version));
        Assert.Contains(sets.MaxBy(s => s.Value!.Version).Value!.Plan, await app.AskAsync("ann"), StringComparison.Ordinal);
        Assert.Null((await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, CancellationToken.None))).Value!.Broken);
    }

    [Fact]
    public async Task The_oldest_plans_go_after_a_hundred()
    {
        using var app = new PanelApp();
        var ann = await app.MemberAsync("ann");
        for (var i = 1; i <= 103; i++)
        {
            await app.SetAsync("ann", new FingerChanges(Plan: $"plan {i}"));
        }

        var plans = await app.WithAsync<FingerAccounts, Outcome<IReadOnlyList<FingerPlanPage>>>(a => a.PlansAsync(ann, "ann", CancellationToken.None));

        Assert.Equal((100, "plan 103", "plan 4"), (plans.Value!.Count, plans.Value[0].Plan, plans.Value[^1].Plan));
    }
}
