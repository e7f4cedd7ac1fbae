using System.IO.Compression;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Bundling;
using Panel.Services.Newsletters.Writing;

namespace Panel.Tests.Newsletters;

/// <summary>A whole list out and in again.</summary>
public sealed class BundleTests
{
    // The smallest PNG there is.
    private static readonly byte[] Picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==");

    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task A_list_goes_to_another_house_with_its_consents_and_nobody_who_left_comes_back(string provider)
    {
        using var old = await ReaderHouse.StartAsync(provider);
        await old.ChangeAsync(c => c with { Fields = "city", Description = "Letters from the stairwell." });
        await old.ImportAsync("email,name,city\nmira@example.net,=Mira,Zürich\nleft@example.net,,\ngone@example.net,,\n");
        await old.PostAsync(await old.LinkAsync(TokenPurpose.Leave, "left@example.net"));
        var sent = await old.SentAsync("Opening", $"![A stair]({(await ImageAsync(old)).Url})\n\nDear {{name|friend}}");
        await EraseAsync(old, "gone@example.net");
        var zip = await ExportAsync(old);
        Assert.Contains("Subject: Opening", Entry(zip, $"issues/{sent}.eml"), StringComparison.Ordinal);
        Assert.Contains("'=Mira", Entry(zip, "subscribers.csv"), StringComparison.Ordinal);
        Assert.DoesNotContain("gone@example.net", Entry(zip, "subscribers.csv") + Entry(zip, "consents.csv"), StringComparison.Ordinal);

        using var fresh = await ReaderHouse.StartAsync(provider);
        var taken = await ImportAsync(fresh, "moved", zip);

        Assert.Null(taken.Refused);
        Assert.Equal((2, 1, 1, 1), (taken.Value!.People, taken.Value.Confirmed, taken.Value.Issues, taken.Value.Images));
        Assert.Contains(taken.Value.Notes, n => n.Contains("1 people who were erased elsewhere", StringComparison.Ordinal));
        Assert.Equal((SubscriberState.Confirmed, SubscriberState.Left), (await fresh.StateAsync("mira@example.net", "moved"), await fresh.StateAsync("left@example.net", "moved")));
        var mira = await fresh.RowsAsync(db => db.Set<Subscriber>().AsNoTracking().SingleAsync(s => s.Email == "mira@example.net"));
        Assert.Equal(("=Mira", "{\"city\":\"Zürich\"}"), (mira.Name, mira.Fields));
        Assert.Equal("signed the paper list in May", await fresh.RowsAsync(db => db.Set<Consent>().Where(c => c.SubscriberId == mira.Id).Select(c => c.Text).SingleAsync()));
        Assert.Equal(1, (await fresh.ImportAsync("email\nleft@example.net\n", "moved")).Kept);
        var page = await fresh.Visitor.GetStringAsync("/lists/ann/moved");
        Assert.Contains("Opening", page, StringComparison.Ordinal);
        var issue = await fresh.RowsAsync(db => db.Set<Issue>().AsNoTracking().SingleAsync());
        Assert.Equal((IssueState.Sent, 0), (issue.State, issue.Mails));
        var picture = issue.Markdown.Split('(', ')')[1];
        Assert.Contains("/lists/ann/moved/images/", picture, StringComparison.Ordinal);
        Assert.Equal(Picture, await fresh.Visitor.GetByteArrayAsync(new Uri(picture)));
    }

    [Fact]
    public async Task L4_in_the_same_house_the_erased_stay_erased_and_who_objected_to_everything_stays_out()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\na@example.net\nb@example.net\nc@example.net\n");
        await EraseAsync(house, "a@example.net");
        var zip = await ExportAsync(house);
        await house.PostAsync(await house.LinkAsync(TokenPurpose.Leave, "b@example.net") + "/all");

        var taken = await ImportAsync(house, "second", zip);

        Assert.Equal((2, 1), (taken.Value!.People, taken.Value.Confirmed));
        Assert.Equal(SubscriberState.Left, await house.StateAsync("b@example.net", "second"));
        Assert.Equal(1, (await house.ImportAsync("email\na@example.net\n", "second")).Kept);
    }

    [Fact]
    public async Task Who_comes_without_a_proof_of_consent_is_not_mailed_L1()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\na@example.net\nb@example.net\n");
        var zip = Changed(await ExportAsync(house), "consents.csv", text => string.Join("\r\n", text.Split("\r\n").Where(l => !l.StartsWith("b@", StringComparison.Ordinal))));

        var taken = await ImportAsync(house, "second", zip);

        Assert.Equal((2, 1), (taken.Value!.People, taken.Value.Confirmed));
        Assert.Contains("without any proof", Assert.Single(taken.Value.Notes), StringComparison.Ordinal);
        Assert.Equal(SubscriberState.Pending, await house.StateAsync("b@example.net", "second"));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "../../etc/cron.d/x", "which no list has" },
        { "/etc/passwd", "which no list has" },
        { "images/../../x.png", "which no list has" },
        { "issues/1.eml\n", "which no list has" },
        { "list.json", "twice" },
        { "C:\\x", "which no list has" },
    };

    [Theory, MemberData(nameof(Hostile))]
    public async Task Class_6_an_archive_with_a_file_that_no_list_has_is_refused_in_words(string name, string words)
    {
        using var house = await ReaderHouse.StartAsync();
        var zip = With(await ExportAsync(house), name, "x"u8.ToArray());

        Assert.Contains(words, (await ImportAsync(house, "second", zip)).Refused!.Message, StringComparison.Ordinal);
        await NothingCameAsync(house);
    }

    [Fact]
    public async Task Class_6_a_bomb_a_torn_and_a_lying_archive_are_refused_and_nothing_is_half_done()
    {
        using var house = await ReaderHouse.StartAsync();
        await house.ImportAsync("email\na@example.net\n");
        var zip = await ExportAsync(house);
        var bad = new Dictionary<string, byte[]>
        {
            ["unpacks to more"] = With(Changed(zip, "README.txt", t => t), $"images/{new string('0', 32)}.png", new byte[8 * 1024 * 1024]),
            ["not a whole zip"] = zip[..(zip.Length / 2)],
            ["not a whole zip "] = [1, 2, 3],
            ["lacks"] = Without(zip, "subscribers.csv"),
            ["line 2: not a complete"] = Changed(zip, "subscribers.csv", t => t.Replace("a@example.net", "nobody", StringComparison.Ordinal)),
            ["other columns"] = Changed(zip, "subscribers.csv", t => "x" + t),
            ["line 2: the state"] = Changed(zip, "subscribers.csv", t => t.Replace(",confirmed,", ",admin,", StringComparison.Ordinal)),
            ["line 2: the fields"] = Changed(zip, "subscribers.csv", t => t.TrimEnd() + "[1]\r\n"),
            ["not the JSON"] = Changed(zip, "issues.json", _ => "[[[[[[[[[[[[[["),
            ["form 7"] = Changed(zip, "list.json", t => t.Replace("\"version\": 1", "\"version\": 7", StringComparison.Ordinal)),
            ["lacks its subject"] = Changed(zip, "issues.json", _ => "[{\"subject\":\"\"}]"),
            ["belongs to a mail provider"] = Changed(zip, "list.json", t => t.Replace("letters@annart.example", "x@gmail.com", StringComparison.Ordinal)),
        };

        foreach (var (words, archive) in bad)
        {
            var refused = (await ImportAsync(house, "second", archive)).Refused;
            Assert.True(refused?.Message.Contains(words.Trim(), StringComparison.Ordinal), $"{words}: {refused?.Message}");
            await NothingCameAsync(house);
        }
    }

    private static async Task NothingCameAsync(ReaderHouse house) =>
        Assert.Equal("letters", await house.RowsAsync(db => db.Set<MailingList>().Select(l => l.Name).SingleAsync()));

    private static async Task<byte[]> ExportAsync(ReaderHouse house)
    {
        await using var zip = (await house.WithAsync<ListBundles, Outcome<Stream>>(b => b.ExportAsync(house.Ann, "ann", "letters", default))).Value!;
        using var memory = new MemoryStream();
        await zip.CopyToAsync(memory);
        return memory.ToArray();
    }

    private static async Task<Outcome<BundleTaken>> ImportAsync(ReaderHouse house, string name, byte[] zip)
    {
        using var memory = new MemoryStream(zip);
        return await house.WithAsync<ListBundles, Outcome<BundleTaken>>(b => b.ImportAsync(house.Ann, "ann", name, null, memory, default));
    }

    private static async Task<ImageAdded> ImageAsync(ReaderHouse house) =>
        (await house.WithAsync<ListImages, Outcome<ImageAdded>>(i => i.AddAsync(house.Ann, "ann", "letters", Picture, "A stair", default))).Value!;

    private static async Task EraseAsync(ReaderHouse house, string email)
    {
        using var erased = await house.PostAsync(await house.LinkAsync(TokenPurpose.Export, email, issue: DateTime.UtcNow.Ticks / TimeSpan.TicksPerDay) + "/erasure");
        Assert.True(erased.IsSuccessStatusCode);
    }

    private static string Entry(byte[] zip, string name)
    {
        using var archive = new ZipArchive(new MemoryStream(zip));
        using var text = new StreamReader(archive.GetEntry(name)!.Open());
        return text.ReadToEnd();
    }

    private static byte[] Changed(byte[] zip, string name, Func<string, string> change) => With(Without(zip, name), name, Encoding.UTF8.GetBytes(change(Entry(zip, name))));

    private static byte[] With(byte[] zip, string name, byte[] content) => Update(zip, archive =>
    {
        using var entry = archive.CreateEntry(name).Open();
        entry.Write(content);
    });

    private static byte[] Without(byte[] zip, string name) => Update(zip, archive => archive.GetEntry(name)!.Delete());

    private static byte[] Update(byte[] zip, Action<ZipArchive> change)
    {
        using var memory = new MemoryStream();
        memory.Write(zip);
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Update, leaveOpen: true))
        {
            change(archive);
        }

        return memory.ToArray();
    }
}
