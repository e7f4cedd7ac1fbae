using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Tests.Newsletters;

/// <summary>A house with a member and a list, and the verbs of its readers.</summary>
internal sealed class ReaderHouse : IDisposable
{
    private ReaderHouse(PanelApp app) => App = app;

    public PanelApp App { get; }

    public Actor Ann { get; private set; } = null!;

    public HttpClient Visitor { get; private set; } = null!;

    public static async Task<ReaderHouse> StartAsync(string provider = DatabaseOptions.Sqlite, ManualTime? time = null, string language = "en", params (string, string)[] settings)
    {
        var house = new ReaderHouse(new PanelApp(provider, settings) { Time = time });
        house.Ann = await house.App.MemberAsync("ann");
        house.Visitor = house.App.Visitor();
        await house.ListAsync("letters", language);
        return house;
    }

    public Task<Outcome<ListPage>> ListAsync(string name, string language = "en") => WithAsync<Lists, Outcome<ListPage>>(l =>
        l.AddAsync(PanelApp.Admin, "ann", new NewList(name, $"Studio {name}", "Ann <letters@annart.example>", Language: language), default));

    public Task<Outcome<ListPage>> ChangeAsync(Func<ListChange, ListChange> change) => WithAsync<Lists, Outcome<ListPage>>(async l =>
    {
        var list = (await l.ShowAsync(Ann, "ann", "letters", default)).Value!;
        return await l.UpdateAsync(Ann, "ann", "letters", change(new ListChange(list.Title, list.Description, list.PostalAddress, list.ConsentText)), default);
    });

    public Task<TResult> WithAsync<TDoor, TResult>(Func<TDoor, Task<TResult>> act)
        where TDoor : notnull => App.WithAsync(act);

    public Task<TResult> RowsAsync<TResult>(Func<PanelDb, Task<TResult>> read) => App.WithAsync(read);

    public async Task<ImportReport> ImportAsync(string csv, string list = "letters")
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(csv));
        var report = await WithAsync<Subscribers, Outcome<ImportReport>>(s => s.ImportAsync(Ann, "ann", list, stream, "signed the paper list in May", default));
        Assert.Null(report.Refused);
        return report.Value!;
    }

    /// <summary>A link of the reader with this address, as a mail or a page would carry it.</summary>
    public async Task<string> LinkAsync(TokenPurpose purpose, string email, string list = "letters", long issue = 0)
    {
        var person = await RowsAsync(db => db.Set<Subscriber>().AsNoTracking()
            .SingleAsync(s => s.Email == email && db.Set<MailingList>().Any(l => l.Id == s.ListId && l.Name == list)));
        var letter = purpose switch { TokenPurpose.Leave => 'u', TokenPurpose.Preferences => 'p', TokenPurpose.Export => 'x', _ => 'c' };
        return $"/{letter}/{App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>().Make(purpose, new Reader(person.ListId, person.Id, issue))}";
    }

    public async Task<SubscriberState> StateAsync(string email, string list = "letters") => await RowsAsync(db => db.Set<Subscriber>()
        .Where(s => s.Email == email && db.Set<MailingList>().Any(l => l.Id == s.ListId && l.Name == list)).Select(s => s.State).SingleAsync());

    public Task<HttpResponseMessage> PostAsync(string path, params (string Name, string Value)[] fields) =>
        Visitor.PostAsync(new Uri(path, UriKind.Relative), new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))));

    public async Task SignUpAsync(string email, string list = "letters")
    {
        using var answer = await PostAsync($"/lists/ann/{list}", ("email", email));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The one address in the last letter to somebody.</summary>
    public async Task<string> LetterLinkAsync(string email)
    {
        var text = await RowsAsync(db => db.Set<Letter>().Where(l => l.Email == email).OrderByDescending(l => l.Id).Select(l => l.Text).FirstAsync());
        return new Uri(text.Split().Single(w => w.StartsWith("http://", StringComparison.Ordinal))).AbsolutePath;
    }

    /// <summary>An issue as it stands when it has been sent.</summary>
    public async Task<long> SentAsync(string subject, string markdown = "Dear {name|friend},\n\nnews **today**.")
    {
        var id = (await WithAsync<Issues, Outcome<IssuePage>>(i => i.AddAsync(Ann, "ann", "letters", new IssueWords(subject, markdown), default))).Value!.Id;
        var now = new DateTime(2026, 3, 1, 9, 0, 0, DateTimeKind.Utc).AddHours(id);
        await RowsAsync(db => db.Set<Issue>().Where(i => i.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(i => i.State, IssueState.Sent).SetProperty(i => i.StartedAt, now).SetProperty(i => i.FinishedAt, now)));
        return id;
    }

    public void Dispose()
    {
        Visitor.Dispose();
        App.Dispose();
    }
}
