using System.Data.Common;
using System.Net;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Leaving;
using Panel.Tests.Mail;

namespace Panel.Tests.Newsletters;

/// <summary>Promise 4: an opt-out is never lost, also while the database is away.</summary>
public class OptOutTests
{
    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task Who_leaves_while_the_database_is_away_gets_200_and_no_further_mail(string provider)
    {
        IssueHouse? house = null;
        var (dots, answers) = (0, new List<HttpStatusCode>());
        await using var running = house = await IssueHouse.StartAsync(new SinkScript { Dot = _ => Answer() }, provider, connections: 1);
        await house.PeopleAsync(20);
        var id = await house.SendNewAsync();
        var report = await house.WaitForAsync(id, IssueState.Sent);

        Assert.Equal(15, answers.Count);
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a));
        Assert.Equal(["p1@a.example", "p2@a.example", "p3@a.example", "p4@a.example", "p5@a.example"], house.AcceptedTo());
        Assert.Equal((5, 15), (report.Sent, report.Skipped));
        Assert.All((await house.RowsAsync(id)).Skip(5), r => Assert.Equal(SkipReason.Left, r.Reason));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(house.App.Folder, "optouts")));

        // While the sink thinks about the fifth message, the database hangs and everybody else leaves.
        string Answer()
        {
            if (++dots == 5)
            {
                using var hanging = Hang(house!);
                answers.AddRange(Task.WhenAll(Enumerable.Range(6, 15).Select(n => LeaveAsync(house!, n, 1))).GetAwaiter().GetResult());
            }

            return "250 2.0.0 Ok";
        }
    }

    [Fact]
    public async Task A_sender_that_cannot_read_the_journal_sends_nothing_and_says_so()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(3);
        var journal = Path.Combine(house.App.Folder, "optouts");
        await house.UntilAsync(() => Task.FromResult(Directory.Exists(journal)));
        Directory.Delete(journal);
        await File.WriteAllTextAsync(journal, "in the way");

        var id = await house.SendNewAsync();
        await house.UntilAsync(async () => (await house.ReportAsync(id)).Note?.Contains("cannot be read", StringComparison.Ordinal) == true);
        var later = await house.SendNewAsync();
        await house.UntilAsync(async () => (await house.ReportAsync(later)).Note?.Contains("cannot be read", StringComparison.Ordinal) == true);
        Assert.Empty(house.Sink.Accepted);

        File.Delete(journal);
        Assert.Equal(3, (await house.WaitForAsync(id, IssueState.Sent)).Sent);
        Assert.Equal(3, (await house.WaitForAsync(later, IssueState.Sent)).Sent);
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A_leave_older_than_a_later_consent_changes_nothing_at_replay(string provider)
    {
        await using var house = await IssueHouse.StartAsync(provider: provider);
        await house.PeopleAsync(2);
        var consented = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        using (var journal = new OptOutJournal(Path.Combine(house.App.Folder, "optouts")))
        {
            journal.Append([Row(house, 1, consented.AddHours(-1)), Row(house, 2, consented.AddHours(1))]);
        }

        var id = await house.SendNewAsync();
        await house.WaitForAsync(id, IssueState.Sent);
        Assert.Equal(["p1@a.example"], house.AcceptedTo());
    }

    [Fact]
    public async Task A_forged_row_of_the_journal_takes_nobody_off()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        var folder = Directory.CreateDirectory(Path.Combine(house.App.Folder, "optouts")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "forged.optouts"), $"{DateTime.UtcNow:O} {new string('a', 48)}\n{DateTime.UtcNow:O} p1@a.example\n");

        Assert.Equal(1, (await house.WaitForAsync(await house.SendNewAsync(), IssueState.Sent)).Sent);
    }

    [Fact]
    public async Task A_node_beside_others_without_database_and_shared_journal_asks_to_come_again()
    {
        await using var house = await IssueHouse.StartAsync();
        await house.PeopleAsync(1);
        var id = await house.DraftAsync();
        var optOuts = house.App.Services.GetService(typeof(OptOuts)).As<OptOuts>();
        using (Hang(house))
        {
            optOuts.SeveralNodes = true;
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await LeaveAsync(house, 1, id));
            optOuts.SeveralNodes = false;
            Assert.Equal(HttpStatusCode.OK, await LeaveAsync(house, 1, id));
        }
    }

    private static OptOut Row(IssueHouse house, long person, DateTime at)
    {
        var reader = new Reader(house.ListId, person, 1);
        return new OptOut(house.App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>().Make(TokenPurpose.Leave, reader), reader, at);
    }

    private static async Task<HttpStatusCode> LeaveAsync(IssueHouse house, long person, long issue)
    {
        var token = house.App.Services.GetService(typeof(ReaderTokens)).As<ReaderTokens>().Make(TokenPurpose.Leave, new Reader(house.ListId, person, issue));
        using var client = house.App.Visitor();
        using var body = new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
        using var answer = await client.PostAsync(new Uri($"/u/{token}", UriKind.Relative), body);
        return answer.StatusCode;
    }

    /// <summary>Nobody else gets an answer from the database until this is disposed.</summary>
    private static DbConnection Hang(IssueHouse house)
    {
        var (text, postgres) = house.WithAsync<PanelDb, (string, bool)>(db => Task.FromResult((db.Database.GetConnectionString()!, db.IsPostgres))).GetAwaiter().GetResult();
        DbConnection connection = postgres ? new NpgsqlConnection(text + ";Pooling=false") : new SqliteConnection(text + ";Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = postgres ? "BEGIN; LOCK TABLE subscribers, deliveries, issues IN ACCESS EXCLUSIVE MODE" : "BEGIN EXCLUSIVE";
        command.ExecuteNonQuery();
        return connection;
    }
}
