using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

/// <summary>What readers do for themselves: preferences, pause, their data, leaving everything.</summary>
public sealed class ReaderTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Preferences_change_the_name_and_the_fields_of_the_list_and_no_other(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        await house.ChangeAsync(c => c with { Fields = "city, gallery" });
        await house.ImportAsync("email\nmira@example.net\n");
        var link = await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net");

        using var saved = await house.PostAsync(link, ("name", "Mira <b>"), ("fields[city]", "Zürich"), ("fields[rank]", "1"));

        Assert.Equal(HttpStatusCode.OK, saved.StatusCode);
        var page = await saved.Content.ReadAsStringAsync();
        Assert.Contains("Mira &lt;b&gt;", page, StringComparison.Ordinal);
        var person = await house.RowsAsync(db => db.Set<Subscriber>().AsNoTracking().SingleAsync());
        Assert.Equal(("Mira <b>", "{\"city\":\"Zürich\"}"), (person.Name, person.Fields));
        Assert.Equal(SubscriberState.Confirmed, person.State);
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_pause_ends_by_itself_on_its_day(string provider)
    {
        var time = new ManualTime();
        using var house = await ReaderHouse.StartAsync(provider, time);
        await house.ImportAsync("email\nmira@example.net\n");
        var link = await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net");
        var day = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(30);

        using var paused = await house.PostAsync(link + "/pause", ("until", day.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(HttpStatusCode.OK, paused.StatusCode);
        Assert.Equal(SubscriberState.Paused, await house.StateAsync("mira@example.net"));
        time.Advance(TimeSpan.FromDays(28));
        Assert.Equal(0, await house.WithAsync<ReaderCare, int>(c => c.WakeAsync(default)));
        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await house.WithAsync<ReaderCare, int>(c => c.WakeAsync(default)));
        Assert.Equal(SubscriberState.Confirmed, await house.StateAsync("mira@example.net"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2020-01-01")]
    [InlineData("2999-01-01")]
    [InlineData("tomorrow")]
    public async Task A_pause_without_a_day_that_makes_sense_is_refused_with_words(string until)
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\nmira@example.net\n");
        using var answer = await house.PostAsync(await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net") + "/pause", ("until", until));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Contains("Choose a day after today", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(SubscriberState.Confirmed, await house.StateAsync("mira@example.net"));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task V13_what_is_kept_opens_only_through_the_mailbox_and_erasing_keeps_the_protection_L4(string provider)
    {
        var time = new ManualTime();
        using var house = await ReaderHouse.StartAsync(provider, time);
        await house.ImportAsync("email,name\nmira@example.net,Mira\n");
        var preferences = await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net");
        var leave = await house.LinkAsync(TokenPurpose.Leave, "mira@example.net");
        foreach (var other in new[] { "/x/" + preferences[3..], "/x/" + leave[3..], "/p/" + leave[3..], "/u/" + preferences[3..], "/c/" + leave[3..] })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await house.Visitor.GetAsync(other)).StatusCode);
        }

        await house.PostAsync(preferences + "/copy");
        await house.PostAsync(preferences + "/copy");
        Assert.Equal(1, await house.RowsAsync(db => db.Set<Letter>().CountAsync(l => l.Kind == Letter.Copy)));
        var link = await house.LetterLinkAsync("mira@example.net");
        using var copy = JsonDocument.Parse(await house.Visitor.GetStringAsync(link + "/copy"));
        Assert.Equal("mira@example.net", copy.RootElement.GetProperty("email").GetString());
        Assert.Equal("signed the paper list in May", copy.RootElement.GetProperty("consents")[0].GetProperty("text").GetString());

        time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(HttpStatusCode.NotFound, (await house.Visitor.GetAsync(link)).StatusCode);
        time.Advance(TimeSpan.FromDays(-8));
        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync(link + "/erasure")).StatusCode);
        Assert.Equal(0, await house.RowsAsync(db => db.Set<Subscriber>().CountAsync()));
        Assert.Equal(0, await house.RowsAsync(db => db.Set<Consent>().CountAsync()));
        Assert.Equal(0, await house.RowsAsync(db => db.Set<Letter>().CountAsync()));
        Assert.Equal((0, 1), (await house.ImportAsync("email\nMIRA@example.net\n")) is var report ? (report.Added, report.Kept) : default);
    }

    [Fact]
    public async Task U7_leaving_works_for_a_person_already_gone()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\nmira@example.net\n");
        var leave = await house.LinkAsync(TokenPurpose.Leave, "mira@example.net");
        await house.PostAsync(await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net") + "/copy");
        await house.PostAsync(await house.LetterLinkAsync("mira@example.net") + "/erasure");

        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync(leave, ("List-Unsubscribe", "One-Click"))).StatusCode);
    }

    [Fact]
    public async Task Who_was_erased_may_sign_up_again()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\nmira@example.net\n");
        await house.PostAsync(await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net") + "/copy");
        await house.PostAsync(await house.LetterLinkAsync("mira@example.net") + "/erasure");
        await house.SignUpAsync("mira@example.net");
        await house.PostAsync(await house.LetterLinkAsync("mira@example.net"));

        Assert.Equal(SubscriberState.Confirmed, await house.StateAsync("mira@example.net"));
        Assert.Equal(0, await house.RowsAsync(db => db.Set<Suppression>().CountAsync()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task L3_an_objection_holds_for_every_list_of_the_sender_at_once(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        await house.ListAsync("invitations");
        await house.ImportAsync("email\nmira@example.net\n");
        await house.ImportAsync("email\nMira@example.net\n", "invitations");

        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync(await house.LinkAsync(TokenPurpose.Leave, "mira@example.net") + "/all")).StatusCode);

        Assert.Equal((SubscriberState.Left, SubscriberState.Left), (await house.StateAsync("mira@example.net"), await house.StateAsync("Mira@example.net", "invitations")));
        await house.ListAsync("later");
        Assert.Equal(1, (await house.ImportAsync("email\nmira@example.net\n", "later")).Kept);
    }

    [Fact]
    public async Task L1_the_proof_of_consent_is_whole_and_can_be_taken_away()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.SignUpAsync("mira@example.net");
        await house.PostAsync(await house.LetterLinkAsync("mira@example.net"));
        await house.PostAsync(await house.LinkAsync(TokenPurpose.Preferences, "mira@example.net") + "/copy");
        using var copy = JsonDocument.Parse(await house.Visitor.GetStringAsync(await house.LetterLinkAsync("mira@example.net") + "/copy"));

        var consent = copy.RootElement.GetProperty("consents")[0];
        Assert.Equal((Lists.DefaultConsent, "page"), (consent.GetProperty("text").GetString(), consent.GetProperty("form").GetString()));
        Assert.True(consent.GetProperty("givenAt").GetDateTime() <= consent.GetProperty("confirmedAt").GetDateTime());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task S6_L5_what_was_never_confirmed_is_gone_after_thirty_days(string provider)
    {
        var time = new ManualTime();
        using var house = await ReaderHouse.StartAsync(provider, time);
        await house.ImportAsync("email\nkept@example.net\n");
        await house.SignUpAsync("mira@example.net");
        time.Advance(TimeSpan.FromDays(29));
        Assert.Equal(0, await house.WithAsync<ReaderCare, int>(c => c.TidyAsync(default)));
        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await house.WithAsync<ReaderCare, int>(c => c.TidyAsync(default)));
        Assert.Equal(["kept@example.net"], await house.RowsAsync(db => db.Set<Subscriber>().Select(s => s.Email).ToListAsync()));
        Assert.Equal(0, await house.RowsAsync(db => db.Set<SignUpMark>().CountAsync()));
    }

    [Fact]
    public async Task L2_leaving_takes_fewer_steps_than_joining()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\nmira@example.net\n");
        var page = await house.Visitor.GetStringAsync(await house.LinkAsync(TokenPurpose.Leave, "mira@example.net"));
        var form = page[..page.IndexOf("</form>", StringComparison.Ordinal)];

        // Joining: a field, a button, a mail, a button. Leaving: a link, a button, no field.
        Assert.DoesNotContain("<input", form, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await house.PostAsync(await house.LinkAsync(TokenPurpose.Leave, "mira@example.net"))).StatusCode);
        Assert.Equal(SubscriberState.Left, await house.StateAsync("mira@example.net"));
    }
}
