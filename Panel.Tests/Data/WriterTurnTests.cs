using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Tests.Data;

/// <summary>Writers on SQLite begin in the order they asked, each when the last has ended, and nobody holds a thread while waiting.</summary>
public sealed class WriterTurnTests : IDisposable
{
    private readonly TempFolder folder = new();

    [Fact]
    public async Task A_turn_ends_with_the_transaction_however_it_ends_and_goes_to_who_asked_first()
    {
        await using DbContext first = Open(), second = Open(), third = Open();
        var one = await first.Database.BeginTransactionAsync();
        var two = second.Database.BeginTransactionAsync();
        var three = third.Database.BeginTransactionAsync();
        Assert.False(two.IsCompleted || three.IsCompleted);

        await one.CommitAsync();
        var dropped = await two;
        Assert.False(three.IsCompleted);

        await dropped.DisposeAsync();
        await (await three).RollbackAsync();
        await using var again = await first.Database.BeginTransactionAsync();
    }

    [Fact]
    public async Task Who_no_longer_wants_the_turn_is_passed_over()
    {
        await using DbContext first = Open(), second = Open(), third = Open();
        using var enough = new CancellationTokenSource();
        var one = await first.Database.BeginTransactionAsync();
        var two = second.Database.BeginTransactionAsync(enough.Token);
        var three = third.Database.BeginTransactionAsync();
        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => two);

        await one.DisposeAsync();
        await (await three).CommitAsync();
    }

    [Fact]
    public async Task A_thread_of_its_own_waits_in_the_same_line()
    {
        await using var first = Open();
        using var plain = new SqliteConnection(first.Database.GetConnectionString());
        var one = await first.Database.BeginTransactionAsync();
        var taking = Task.Factory.StartNew(() => WriterTurn.Take(plain), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await one.CommitAsync();
        using var mine = await taking;
        Assert.NotNull(mine);
        var next = first.Database.BeginTransactionAsync();
        Assert.False(next.IsCompleted);

        mine.Dispose();
        mine.Dispose();
        var two = await next;
        await using var other = Open();
        var three = other.Database.BeginTransactionAsync();
        Assert.False(three.IsCompleted);
        await two.DisposeAsync();
        await (await three).DisposeAsync();
    }

    public void Dispose() => folder.Dispose();

    private DbContext Open() => new(new DbContextOptionsBuilder().UseSqlite($"Data Source={folder.In("panel.db")}").AddInterceptors(new PatientWriter()).Options);
}
