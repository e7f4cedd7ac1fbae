using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Hosting;
using Panel.Services.Members;
using Panel.Services.Newsletters;
using Panel.Tests.Newsletters;

namespace Panel.Tests.Hosting;

/// <summary>A huge member is erased while others write, and it is broken off again and again. PANEL_FAULTS_ERASURE_SQLITE, _POSTGRES (rows of the ledger) and
/// _CUTS make it a long run, which also holds the longest wait of another writer to 250 ms.</summary>
public sealed class ErasureLoadTests
{
    private const int Issues = 40;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("PANEL_FAULTS_TABLE") is { Length: > 0 };
    private static readonly int Cuts = CrashRun.Number("PANEL_FAULTS_ERASURE_CUTS", 3);

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task A_huge_member_goes_in_pieces_between_which_others_write_and_broken_off_at_any_moment_it_goes_on(string provider)
    {
        var postgres = provider == DatabaseOptions.Postgres;
        var ledger = postgres ? CrashRun.Number("PANEL_FAULTS_ERASURE_POSTGRES", 30_000) : CrashRun.Number("PANEL_FAULTS_ERASURE_SQLITE", 60_000);
        var time = new ManualTime();
        using var app = new PanelApp(provider) { Time = time, Unscheduled = true };
        var (staying, leaving) = (await app.MemberAsync("staying"), await app.MemberAsync("leaving"));
        var (its, theirs) = (await ListAsync(app, "leaving"), await ListAsync(app, "staying"));
        await FillAsync(app, leaving.MemberId!.Value, its, ledger / Issues, Issues);
        await FillAsync(app, staying.MemberId!.Value, theirs, 100, 1);
        Assert.Equal(ledger + 100, await RowsAsync(app, "SELECT count(*) FROM deliveries"));
        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.RemoveAsync(PanelApp.Admin, "leaving", default));
        time.Advance(Removals.Grace + TimeSpan.FromMinutes(1));
        await DueAsync(app, leaving, time);

        await using var writer = new OtherWriter(await OpenAsync(app), theirs);
        var (seen, spent) = (new List<long> { Issues }, Stopwatch.StartNew());
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var cut = 0; cut <= Cuts; cut++)
        {
            using var stop = new CancellationTokenSource();
            var run = ContinueAsync(app, stop.Token);
            var last = cut == Cuts ? -1 : Issues - (Issues * (cut + 1) / (Cuts + 2));
            while (!run.IsCompleted && seen[^1] > last)
            {
                seen.Add(await RowsAsync(app, Left(its)));
                await looks.WaitForNextTickAsync();
            }

            if (cut < Cuts)
            {
                await stop.CancelAsync();
                await Assert.ThrowsAnyAsync<Exception>(() => run);
                // Its doors are closed, the person is whole, and nobody says that it is done.
                Assert.Equal(0, await RowsAsync(app, $"SELECT count(*) FROM lists WHERE id = {its} AND removed_at IS NULL"));
                Assert.Equal(1, await RowsAsync(app, "SELECT count(*) FROM members WHERE handle = 'leaving' AND email = 'leaving@example.org'"));
                Assert.Equal(0, await RowsAsync(app, "SELECT count(*) FROM placements WHERE erased_at IS NOT NULL"));
                Assert.Equal(0, await RowsAsync(app, "SELECT count(*) FROM audit_entries WHERE action = 'member.erase'"));
            }
            else
            {
                await run;
            }
        }

        var (longest, wrote) = await writer.EndAsync();
        CrashRun.Note(string.Create(CultureInfo.InvariantCulture, $"| {provider} | {ledger} | {Cuts} | {spent.Elapsed.TotalSeconds:0.0} s | {wrote} | {longest.TotalMilliseconds:0} ms |"));
        Assert.True(seen.Distinct().Count() > Cuts + 2, $"others saw it go at once: {string.Join(' ', seen.Distinct())}");
        Assert.Equal(0, await RowsAsync(app, Left(its)));
        foreach (var table in new[] { "subscribers", "consents", "deliveries", "opens" })
        {
            Assert.Equal(100, await RowsAsync(app, $"SELECT count(*) FROM {table}"));
        }

        Assert.Equal(ledger / Issues / 10, await RowsAsync(app, "SELECT count(*) FROM suppressions WHERE reason = 'erased' AND list_id IS NULL"));
        Assert.Equal(1, await RowsAsync(app, "SELECT count(*) FROM placements WHERE erased_at IS NOT NULL"));
        Assert.Equal(1, await RowsAsync(app, "SELECT count(*) FROM audit_entries WHERE action = 'member.erase'"));
        Assert.Null((await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, default))).Value!.Broken);
        Assert.True(longest < TimeSpan.FromMilliseconds(IsLong ? 250 : 1500), $"another writer waited {longest.TotalMilliseconds:0} ms");
    }

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task Not_a_row_goes_before_its_time_without_an_archive_or_while_the_host_is_silent_or_nobody_has_looked_after_a_restore(string provider)
    {
        var time = new ManualTime();
        using var app = new PanelApp(provider) { Time = time, Unscheduled = true };
        var leaving = await app.MemberAsync("leaving");
        var its = await ListAsync(app, "leaving");
        await FillAsync(app, leaving.MemberId!.Value, its, 10, 2);
        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.RemoveAsync(PanelApp.Admin, "leaving", default));
        async Task WholeAsync(string when)
        {
            await ContinueAsync(app, default);
            Assert.True(await RowsAsync(app, "SELECT count(*) FROM deliveries") == 20 && await RowsAsync(app, $"SELECT count(*) FROM lists WHERE id = {its} AND removed_at IS NULL") == 1, when);
        }

        Task<int> SayAsync(FormattableString sql) => app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlAsync(sql));
        await DueAsync(app, leaving, time);
        await WholeAsync("in its grace");
        time.Advance(Removals.Grace + TimeSpan.FromMinutes(1));
        await WholeAsync("silent");
        var now = time.GetUtcNow().UtcDateTime;
        await SayAsync($"UPDATE hosts SET seen_at = {now}, removals_held_at = {now}");
        await WholeAsync("held");
        await SayAsync($"UPDATE hosts SET removals_held_at = NULL");
        await SayAsync($"DELETE FROM backups");
        await WholeAsync("no archive");
        await DueAsync(app, leaving, time);
        await ContinueAsync(app, default);
        Assert.Equal(0, await RowsAsync(app, "SELECT count(*) FROM deliveries"));
    }

    /// <summary>Issues of which something is left in the ledger: an answer that costs next to nothing.</summary>
    private static string Left(long list) => $"SELECT count(*) FROM issues i WHERE list_id = {list} AND EXISTS (SELECT 1 FROM deliveries d WHERE d.issue_id = i.id)";

    private static async Task<long> ListAsync(PanelApp app, string handle) => (await app.WithAsync<Lists, Outcome<ListPage>>(l =>
        l.AddAsync(PanelApp.Admin, handle, new NewList("letters", "Letters", $"{handle} <letters@{handle}.example>"), default))).Value!.Id;

    private static Task<int> FillAsync(PanelApp app, long member, long list, int people, int issues) => app.WithAsync<PanelDb, int>(async db =>
    {
        const string at = "'2026-09-01 08:00:00'";
        db.Database.SetCommandTimeout(600);
        foreach (var sql in new[]
        {
            $"INSERT INTO subscribers (list_id, email, email_key, domain, name, state, joined_at, changed_at) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {people}) SELECT {list}, 'p' || i || '@example.net', 'p' || i || '@example.net', 'example.net', '', 'Confirmed', {at}, {at} FROM n",
            $"INSERT INTO issues (list_id, subject, markdown, state, created_at, changed_at, frozen_through, mails, tests) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {issues}) SELECT {list}, 'Issue ' || i, '', 'Sent', {at}, {at}, 0, {people}, 0 FROM n",
            $"INSERT INTO consents (subscriber_id, form, \"text\", given_at) SELECT id, 'web', 'asked for it', {at} FROM subscribers WHERE list_id = {list}",
            $"INSERT INTO deliveries (issue_id, subscriber_id, state, epoch, tries, at) SELECT i.id, s.id, CASE WHEN s.id % 20 = 0 THEN 'Failed' ELSE 'Sent' END, 1, 1, {at} FROM issues i JOIN subscribers s ON s.list_id = i.list_id WHERE i.list_id = {list}",
            $"INSERT INTO opens (issue_id, subscriber_id, at) SELECT min(i.id), s.id, {at} FROM issues i JOIN subscribers s ON s.list_id = i.list_id WHERE i.list_id = {list} GROUP BY s.id",
            $"INSERT INTO suppressions (email_hash, list_id, member_id, reason, at) SELECT 'hash of ' || id, {list}, {member}, 'left', {at} FROM subscribers WHERE list_id = {list} AND {issues} > 1 AND id % 10 = 0",
        })
        {
            // PostgreSQL takes no text for a time from a query.
            await db.Database.ExecuteSqlRawAsync(db.IsPostgres ? sql.Replace(at, $"timestamptz {at}", StringComparison.Ordinal) : sql);
        }

        return 0;
    });

    private static Task<int> DueAsync(PanelApp app, Actor leaving, ManualTime time) => app.WithAsync<PanelDb, int>(async db =>
    {
        var now = time.GetUtcNow().UtcDateTime;
        db.Add(new Backup { MemberId = leaving.MemberId!.Value, Snapshot = "0badcafe", MadeAt = now, Bytes = 1, Sha256 = "00", Notes = "[]" });
        await db.SaveChangesAsync();
        return await db.Database.ExecuteSqlAsync($"UPDATE hosts SET seen_at = {now}, removals_held_at = NULL");
    });

    private static Task<int> ContinueAsync(PanelApp app, CancellationToken ct) => Task.Run(() => app.WithAsync<Removals, int>(async removals =>
    {
        await removals.ContinueAsync(Actor.Job, ct);
        return 0;
    }), CancellationToken.None);

    private static Task<long> RowsAsync(PanelApp app, string sql) => app.WithAsync<PanelDb, long>(async db =>
    {
        await db.Database.OpenConnectionAsync();
        return Convert.ToInt64(await ScalarAsync(db.Database.GetDbConnection(), sql), CultureInfo.InvariantCulture);
    });

    private static async Task<DbConnection> OpenAsync(PanelApp app)
    {
        var connection = await app.WithAsync<PanelDb, DbConnection>(db => Task.FromResult<DbConnection>(db.IsPostgres ? new NpgsqlConnection(db.Database.GetConnectionString()) : new SqliteConnection(db.Database.GetConnectionString())));
        await connection.OpenAsync();
        if (connection is SqliteConnection)
        {
            // As Panel's own connections wait.
            await ScalarAsync(connection, "PRAGMA busy_timeout = 1000");
        }

        return connection;
    }

    private static async Task<object?> ScalarAsync(DbConnection on, string sql)
    {
        await using var command = on.CreateCommand();
#pragma warning disable CA2100 // Every text is of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Somebody else's one-click, again and again, each a transaction of its own.</summary>
    private sealed class OtherWriter : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private readonly DbConnection connection;
        private readonly Task<(TimeSpan Longest, int Wrote)> work;

        public OtherWriter(DbConnection connection, long list) => (this.connection, work) = (connection, Task.Run(() => WriteAsync(list)));

        public async Task<(TimeSpan Longest, int Wrote)> EndAsync()
        {
            await stop.CancelAsync();
            return await work;
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await work;
            await connection.DisposeAsync();
            stop.Dispose();
        }

        private async Task<(TimeSpan Longest, int Wrote)> WriteAsync(long list)
        {
            var (longest, wrote) = (TimeSpan.Zero, 0);
            using var next = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
            while (!stop.IsCancellationRequested)
            {
                var clock = Stopwatch.StartNew();
                await ScalarAsync(connection, $"UPDATE subscribers SET changed_at = changed_at WHERE id = (SELECT min(id) FROM subscribers WHERE list_id = {list})");
                (longest, wrote) = (clock.Elapsed > longest ? clock.Elapsed : longest, wrote + 1);
                await next.WaitForNextTickAsync();
            }

            return (longest, wrote);
        }
    }
}
