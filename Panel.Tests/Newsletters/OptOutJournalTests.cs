using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Leaving;

namespace Panel.Tests.Newsletters;

/// <summary>The files in which leaves wait for a database.</summary>
public sealed class OptOutJournalTests : IDisposable
{
    private static readonly DateTime Now = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);
    private readonly TempFolder folder = new();

    [Fact]
    public void A_token_is_one_row_however_often_it_comes()
    {
        using var journal = new OptOutJournal(folder.Path);
        Assert.True(journal.Append([Row("aaa"), Row("aaa")]));
        Assert.True(journal.Append([Row("aaa"), Row("bbb")]));

        Assert.Equal(["aaa", "bbb"], journal.Read().Rows.Select(r => r.Token));
        Assert.All(journal.Read().Rows, r => Assert.Equal(Now, r.At));
        Assert.False(journal.IsSettled());
    }

    [Fact]
    public void It_is_bounded_and_what_does_not_fit_is_not_half_written()
    {
        using var journal = new OptOutJournal(folder.Path, most: 3);
        Assert.True(journal.Append([Row("a"), Row("b")]));
        Assert.False(journal.Append([Row("c"), Row("d")]));
        Assert.True(journal.Append([Row("a"), Row("c")]));

        Assert.Equal(["a", "b", "c"], journal.Read().Rows.Select(r => r.Token));
    }

    [Fact]
    public void What_came_while_it_was_being_applied_waits_for_the_next_time()
    {
        using var journal = new OptOutJournal(folder.Path);
        journal.Append([Row("a")]);
        var (_, read) = journal.Read();
        journal.Append([Row("b")]);
        journal.Drop(read);

        Assert.False(journal.IsSettled());
        Assert.Equal("b", Assert.Single(journal.Read().Rows).Token);
        journal.Drop(journal.Read().Read);
        Assert.True(journal.IsSettled());
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void The_rows_of_a_dead_process_are_read_and_its_file_goes_and_a_torn_line_harms_nothing()
    {
        File.WriteAllText(folder.In("dead.optouts"), $"{Now:O} aaa\nnonsense\n{Now:O} bb");
        using var journal = new OptOutJournal(folder.Path);

        Assert.False(journal.IsSettled());
        var (rows, read) = journal.Read();
        Assert.Equal("aaa", Assert.Single(rows).Token);
        journal.Drop(read);
        Assert.True(journal.IsSettled());
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void The_rows_of_another_living_node_are_read_and_its_file_stays()
    {
        using var theirs = new OptOutJournal(folder.Path);
        using var ours = new OptOutJournal(folder.Path);
        theirs.Append([Row("a")]);

        Assert.False(ours.IsSettled());
        ours.Drop(ours.Read().Read);
        Assert.True(ours.IsSettled());
        Assert.False(theirs.IsSettled());

        theirs.Append([Row("b")]);
        Assert.False(ours.IsSettled());
        Assert.Equal("b", Assert.Single(ours.Read().Rows).Token);
    }

    [Fact]
    public void A_journal_that_cannot_be_read_is_never_called_settled()
    {
        var path = folder.In("journal");
        using var journal = new OptOutJournal(path);
        Assert.True(journal.IsSettled());
        Directory.Delete(path);
        File.WriteAllText(path, "");

        Assert.ThrowsAny<IOException>(() => journal.IsSettled());
        Assert.ThrowsAny<IOException>(() => journal.Append([Row("a")]));
    }

    public void Dispose() => folder.Dispose();

    private static OptOut Row(string token) => new(token, new Reader(1, 1, 1), Now);
}
