using System.Net;
using Panel.Services;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Tests.EndToEnd;
using Panel.Tests.Finger;

namespace Panel.Tests.Members;

/// <summary>Class 16 in the house: what of a member is not on a host stops together as well, and comes back.</summary>
public sealed class SuspensionTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task Class_16_sessions_tokens_lists_finger_and_the_account_on_its_host_stop_together_and_come_back(string provider)
    {
        using var app = new PanelApp(provider);
        using var session = await app.SignInAsync("ann");
        var member = await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.ShowAsync(PanelApp.Admin, "ann", CancellationToken.None));
        using var token = await app.TokenClientAsync(Actor.Member(member.Value!.Id, "ann", false, Door.Web));
        Assert.Null((await app.WithAsync<Lists, Outcome<ListPage>>(l => l.AddAsync(PanelApp.Admin, "ann", new NewList("letters", "Letters", "Ann <letters@annart.example>", "1 Main Street"), default))).Refused);
        using var agent = app.AgentLink();
        await app.MemberAsync("ann2");

        async Task AsksAsync(bool works)
        {
            using (var page = await session.GetAsync("/account"))
            {
                Assert.Equal(works ? HttpStatusCode.OK : HttpStatusCode.Redirect, page.StatusCode);
            }

            using (var call = await token.GetAsync("/api/v1/members/ann/sites"))
            {
                Assert.Equal(works ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, call.StatusCode);
            }

            using (var list = await app.Visitor().PostAsync("/lists/ann/letters", new FormUrlEncodedContent([KeyValuePair.Create("email", $"reader{works}@example.org")])))
            {
                Assert.Equal(works, (int)list.StatusCode < 400);
            }

            // Finger is at most a second behind the store.
            await House.UntilAsync(async () => (await app.AskAsync("ann\r\n")).StartsWith("Login: ann", StringComparison.Ordinal) == works ? "so" : null, "What finger says");
            Assert.Contains("Login: ann2", await app.AskAsync("ann2\r\n"), StringComparison.Ordinal);
            using var asked = await agent.GetAsync("/agent/v1/accounts?after=0");
            var said = await asked.Content.ReadAsStringAsync();
            Assert.Equal(!works, said.Contains("\"status\":\"Suspended\"", StringComparison.OrdinalIgnoreCase));
        }

        await AsksAsync(true);
        Assert.Null((await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.SuspendAsync(PanelApp.Admin, "ann", CancellationToken.None))).Refused);
        await AsksAsync(false);
        Assert.Null((await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.ResumeAsync(PanelApp.Admin, "ann", CancellationToken.None))).Refused);

        // A session that was ended stays ended: who is back signs in again.
        using (var signedIn = await session.SendFormAsync("/sign-in", ("Login", "ann"), ("Password", Browser.Password)))
        {
            Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        }

        await AsksAsync(true);
    }
}
