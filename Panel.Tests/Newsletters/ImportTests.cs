using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Importing;

namespace Panel.Tests.Newsletters;

/// <summary>Files of people: what the world's spreadsheets look like, and what a crash in the middle leaves.</summary>
public sealed class ImportTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task F16_short_long_double_bad_and_hostile_rows_are_each_counted_for_what_they_are(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        await house.ChangeAsync(c => c with { Fields = "city" });
        await house.ImportAsync("email\nknown@example.net\nleft@example.net\n");
        await house.PostAsync(await house.LinkAsync(TokenPurpose.Leave, "left@example.net"));

        var report = await house.ImportAsync(
            "City;E-Mail;Name;Other\r\nZürich;a@example.net;\"Anna; \"\"the\"\" 🎈\";x;too;long\r\nBern;b@example.net\r\n;A@example.net;twice\r\n;KNOWN@example.net\r\n;left@example.net\r\n;nobody;=1+1\r\n"
            + ";c@example.net;\"two\r\nlines\"\r\n");

        Assert.Equal((7, 3, 2, 1, 1), (report.Rows, report.Added, report.Known, report.Kept, report.Refused));
        Assert.Equal(
            [("confirmed", 1), ("left", 1), ("not a complete e-mail address", 1), ("twice in the file", 1)],
            report.Reasons.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => (r.Key, (int)r.Value)));
        var anna = await house.RowsAsync(db => db.Set<Subscriber>().AsNoTracking().SingleAsync(s => s.Email == "a@example.net"));
        Assert.Equal(("Anna; \"the\" 🎈", "{\"city\":\"Zürich\"}"), (anna.Name, anna.Fields));
        Assert.Equal("not a complete e-mail address", Assert.Single(report.Bad).Reason);
        await using var errors = (await house.WithAsync<Imports, Outcome<Stream>>(i => i.ErrorsAsync(house.Ann, "ann", "letters", report.Id, default))).Value!;
        using var text = new StreamReader(errors);
        Assert.Equal("City,E-Mail,Name,Other,line,reason\r\n,nobody,'=1+1,,7,not a complete e-mail address\r\n", (await text.ReadToEndAsync()).Replace(",8,", ",7,", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("windows-1252")]
    public async Task F16_encodings_are_found(string encoding)
    {
        using var house = await ReaderHouse.StartAsync();
        var chosen = encoding == "windows-1252" ? CodePagesEncodingProvider.Instance.GetEncoding(1252)! : Encoding.GetEncoding(encoding);
        using var stream = new MemoryStream([.. chosen.Preamble, .. chosen.GetBytes("email\tname\r\njoerg@example.net\tJörg Müller\r\n")]);
        var report = await house.WithAsync<Subscribers, Outcome<ImportReport>>(s => s.ImportAsync(house.Ann, "ann", "letters", stream, "signed the paper list", default));

        Assert.Equal(1, report.Value!.Added);
        Assert.Equal("Jörg Müller", await house.RowsAsync(db => db.Set<Subscriber>().Select(s => s.Name).SingleAsync()));
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task A_dry_run_says_what_would_happen_and_changes_nothing(string provider)
    {
        using var house = await ReaderHouse.StartAsync(provider);
        await house.ImportAsync("email\nknown@example.net\n");
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("who;mailbox\nMira;mira@example.net\nAgain;mira@example.net\nK;known@example.net\n;nothing\n"));
        var taken = (await house.WithAsync<Imports, Outcome<ImportPage>>(i => i.AddAsync(house.Ann, "ann", "letters", stream, "../people.csv", "signed the paper list", default))).Value!;
        Assert.Equal("people.csv", taken.File);
        var failed = await UntilAsync(house, i => i.Id == taken.Id && i.State == ImportState.Failed);
        Assert.Contains("No column is called email", failed.Note, StringComparison.Ordinal);

        await house.WithAsync<Imports, Outcome<ImportPage>>(i => i.UpdateAsync(house.Ann, "ann", "letters", taken.Id, new ImportColumns(1, 0, new Dictionary<string, int>()), default));
        await UntilAsync(house, i => i.Id == taken.Id && i.State == ImportState.Checked);
        var look = await house.WithAsync<Imports, Outcome<ImportPage>>(i => i.ShowAsync(house.Ann, "ann", "letters", taken.Id, default));
        Assert.Equal((4, 1, 2, 1), (look.Value!.Rows, look.Value.Added, look.Value.Known, look.Value.Refused));
        Assert.Equal(1, await house.RowsAsync(db => db.Set<Subscriber>().CountAsync()));

        await house.WithAsync<Imports, Outcome<ImportPage>>(i => i.StartAsync(house.Ann, "ann", "letters", taken.Id, default));
        var done = await UntilAsync(house, i => i.Id == taken.Id && i.State == ImportState.Done);
        Assert.Equal((1, 2, 1), ((int)done.Added, (int)done.Known, (int)done.Refused));
        Assert.Equal("Mira", await house.RowsAsync(db => db.Set<Subscriber>().Where(s => s.Email == "mira@example.net").Select(s => s.Name).SingleAsync()));
        Assert.IsType<InTheWay>((await house.WithAsync<Imports, Outcome<ImportPage>>(i => i.StartAsync(house.Ann, "ann", "letters", taken.Id, default))).Refused);
    }

    [Fact]
    public async Task L7_a_file_without_a_source_of_consent_is_refused()
    {
        using var house = await ReaderHouse.StartAsync();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes("email\nmira@example.net\n"));
        foreach (var consent in new[] { null, "", "yes", new string('x', 1_001) })
        {
            var refused = await house.WithAsync<Subscribers, Outcome<ImportReport>>(s => s.ImportAsync(house.Ann, "ann", "letters", stream, consent, default));
            Assert.Equal("consent", refused.Refused!.Field);
        }
    }

    private static async Task<Import> UntilAsync(ReaderHouse house, Func<Import, bool> holds)
    {
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var deadline = DateTime.UtcNow.AddSeconds(90);
        while (true)
        {
            var last = await house.RowsAsync(db => db.Set<Import>().AsNoTracking().OrderByDescending(i => i.Id).FirstOrDefaultAsync());
            if (last is not null && holds(last))
            {
                return last;
            }

            Assert.True(DateTime.UtcNow < deadline, $"It did not come to pass: {last?.State} {last?.Position} {last?.Note}");
            await looks.WaitForNextTickAsync();
        }
    }
}
