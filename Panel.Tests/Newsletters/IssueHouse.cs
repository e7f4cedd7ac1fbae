using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Mail;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Sending;
using Panel.Tests.Mail;
using Panel.Tests.Members;

namespace Panel.Tests.Newsletters;

/// <summary>A house with a member, a list and a mail sink, and the verbs of sending. Everything is real but the receiving server.</summary>
internal sealed class IssueHouse : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private IssueHouse(PanelApp app, ScriptedSink sink) => (App, Sink) = (app, sink);

    public PanelApp App { get; }

    public ScriptedSink Sink { get; }

    public Actor Ann { get; private set; } = null!;

    public long ListId { get; private set; }

    public static async Task<IssueHouse> StartAsync(
        SinkScript? script = null, string provider = DatabaseOptions.Sqlite, ManualTime? time = null, int connections = 4, string hold = "00:00:00", int pauseAt = 10,
        string politeness = MailOptions.PoliteRelay)
    {
        var sink = ScriptedSink.Start(script);
        var app = new PanelApp(provider, [
            ("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "127.0.0.1"), ("Mail:Smtp:Port", sink.Port.ToString(CultureInfo.InvariantCulture)),
            ("Mail:Smtp:Connections", connections.ToString(CultureInfo.InvariantCulture)), ("Newsletters:Hold", hold), ("Newsletters:PauseAtPercent", pauseAt.ToString(CultureInfo.InvariantCulture)),
            ("Mail:Politeness", politeness)])
        { Time = time };
        var house = new IssueHouse(app, sink);
        house.Ann = await app.MemberAsync("ann");
        house.ListId = (await app.WithAsync<Lists, Outcome<ListPage>>(l =>
            l.AddAsync(PanelApp.Admin, "ann", new NewList("letters", "Ann's letters", "Ann <letters@annart.example>", "1 Main Street, Berlin"), default))).Value!.Id;
        return house;
    }

    /// <summary>A browser in which Ann has just signed in.</summary>
    public async Task<HttpClient> SignInAsync()
    {
        var invited = await WithAsync<Services.Members.Members, Outcome<Services.Members.MemberAdded>>(m => m.InviteAgainAsync(PanelApp.Admin, "ann", default));
        var browser = App.Visitor();
        using var joined = await browser.SendFormAsync(invited.Value!.InviteUrl.AbsolutePath, ("Name", "Ann"), ("Password", "a long enough password"));
        Assert.Equal(System.Net.HttpStatusCode.SeeOther, joined.StatusCode);
        return browser;
    }

    public Task<TResult> WithAsync<TDoor, TResult>(Func<TDoor, Task<TResult>> act)
        where TDoor : notnull => App.WithAsync(act);

    /// <summary>Puts confirmed people on the list: <c>p1@a.example</c>, <c>p2@a.example</c> ...</summary>
    public Task PeopleAsync(int count, string domain = "a.example") =>
        PeopleAsync([.. Enumerable.Range(1, count).Select(n => $"p{n}@{domain}")]);

    public Task<int> PeopleAsync(params string[] emails) => PeopleAsync(SubscriberState.Confirmed, emails);

    public Task<int> PeopleAsync(SubscriberState state, params string[] emails) => WithAsync<PanelDb, int>(db =>
    {
        var now = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        db.AddRange(emails.Select(e => new Subscriber
        {
            ListId = ListId,
            Email = e,
            EmailKey = e,
            Domain = e.Split('@')[1],
            State = state,
            JoinedAt = now,
            ChangedAt = now,
            ConsentAt = state == SubscriberState.Pending ? null : now,
        }));
        return db.SaveChangesAsync();
    });

    public async Task<long> DraftAsync(string subject = "Hello") =>
        (await WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(Ann, "ann", "letters", new IssueWords(subject, "Dear {name|friend},\n\nnews."), default))).Value!.Id;

    public async Task<IssuePage> SendAsync(long id, DateTimeOffset? at = null)
    {
        var sent = await WithAsync<Dispatches, Outcome<IssuePage>>(d => d.SendAsync(Ann, id, at, default));
        Assert.Null(sent.Refused);
        return sent.Value!;
    }

    public async Task<long> SendNewAsync()
    {
        var id = await DraftAsync();
        await SendAsync(id);
        return id;
    }

    public async Task<IssueReport> ReportAsync(long id) => (await WithAsync<Reports, Outcome<IssueReport>>(r => r.ShowAsync(Ann, id, false, default))).Value!;

    public Task<List<Delivery>> RowsAsync(long id) => WithAsync<PanelDb, List<Delivery>>(db => db.Set<Delivery>().AsNoTracking().Where(d => d.IssueId == id).OrderBy(d => d.SubscriberId).ToListAsync());

    public async Task<IssueState> StateAsync(long id) => (await ReportAsync(id)).State;

    public async Task<IssueReport> WaitForAsync(long id, IssueState state)
    {
        await UntilAsync(async () => await StateAsync(id) == state);
        return await ReportAsync(id);
    }

    /// <summary>Wakes the sender, as a change or the schedule would.</summary>
    public void Ring() => App.Services.GetService(typeof(SenderBell)).As<SenderBell>().Ring();

    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        var deadline = DateTime.UtcNow + Patience;
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow < deadline, "It did not come to pass in a minute.");
            Ring();
            await looks.WaitForNextTickAsync();
        }
    }

    public string[] AcceptedTo() => [.. Sink.Accepted.Select(m => m.To)];

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Sink.DisposeAsync();
    }
}

internal static class Casts
{
    public static T As<T>(this object? value) => (T)value!;
}
