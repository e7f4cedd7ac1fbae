using System.Data.Common;
using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Panel.Hosting;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Hosting;
using Panel.Services.Members;
using Panel.Services.Newsletters.Importing;

namespace Panel.Tests.Hosting;

/// <summary>L4 and hosting's life of an account: after the grace no table of the schema knows the person any more. The tables are walked from the
/// model, so that a new one is filled and looked through without a word here.</summary>
public sealed class ErasureTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 8, 0, 0, TimeSpan.Zero);

    /// <summary>Tables that hold nothing of one member.</summary>
    private static readonly string[] OfTheHouse =
    [
        "house_settings", "protection_keys", "packages", "hosts", "traffic_batches", "finger_clock", "sender_nodes", "receiver_days",
        // The house's copies of strangers' plans, by address; this member's own is filled below.
        "finger_remotes", "finger_remote_posts",
    ];

    /// <summary>What stays, and why.</summary>
    private static readonly Dictionary<string, string> Stays = new(StringComparer.Ordinal)
    {
        ["members"] = "handle and uid are never given again; nothing else is in the row",
        ["audit_entries"] = "what was done stays provable",
        ["audit_heads"] = "the end of the chain",
        ["audit_values"] = "the hashes of the chain; the values are empty",
        ["suppressions"] = "a hash that nobody is written to again",
        ["placements"] = "the host is told that the account is erased",
        ["account_copies"] = "another host is told the same until it has said so",
        ["backups"] = "the last archive, for a year",
        ["backup_secrets"] = "its password, as long",
    };

    [Theory, MemberData(nameof(PanelApp.Providers), MemberType = typeof(PanelApp))]
    public async Task L4_after_the_grace_no_table_knows_an_erased_member_and_others_keep_all_of_theirs(string provider)
    {
        var time = new ManualTime(Start);
        using var app = new PanelApp(provider) { Time = time };
        var staying = await app.MemberAsync("staying");
        await FillAsync(app, staying);
        var before = await CountsAsync(app);
        var leaving = await app.MemberAsync("leaving");
        await FillAsync(app, leaving);
        await MentionAsync(app, staying, leaving);
        var folder = app.Services.GetRequiredService<ImportFolder>();
        var import = await app.WithAsync<PanelDb, long>(db => db.Database.SqlQuery<long>($"SELECT max(id) AS \"Value\" FROM imports").SingleAsync());
        await File.WriteAllTextAsync(folder.PeopleOf(import), "email\nreader@example.org\n");
        var (filled, about) = (await CountsAsync(app), await MentionsAsync(app));
        Assert.DoesNotContain(before.Keys.Except(OfTheHouse), t => filled[t] == before[t] && !Stays.ContainsKey(t));
        Assert.True(about.Count > 60, $"only {about.Count} columns were filled with the person");

        await app.WithAsync<Services.Members.Members, Outcome<MemberPage>>(m => m.RemoveAsync(PanelApp.Admin, "leaving", default));
        time.Advance(Removals.Grace - TimeSpan.FromMinutes(1));
        await StepAsync(app, leaving, time);
        Assert.Equal(filled["subscribers"], (await CountsAsync(app))["subscribers"]);
        time.Advance(TimeSpan.FromMinutes(2));
        await StepAsync(app, leaving, time);

        var after = await CountsAsync(app);
        // A node signs on when it first looks for mail, which may be meanwhile.
        Assert.Empty(after.Where(t => t.Value != before[t.Key] && !Stays.ContainsKey(t.Key) && t.Key != "sender_nodes").Select(t => $"{t.Key}: {before[t.Key]} rows before the member, {t.Value} now"));
        Assert.Equal(["audit_entries.target", "members.handle", "members.normalized_handle"], (await MentionsAsync(app)).Where(m => !m.StartsWith("backup", StringComparison.Ordinal)));
        Assert.False(File.Exists(folder.PeopleOf(import)));
        Assert.Null((await app.WithAsync<AuditTrail, Outcome<AuditVerdict>>(a => a.VerifyAsync(PanelApp.Admin, default))).Value!.Broken);
        Assert.True((await app.WithAsync<Services.Members.Members, Outcome<MemberAdded>>(m => m.AddAsync(PanelApp.Admin, new NewMember("leaving", "new@example.org"), default))).Refused is not null, "the handle was given again");

        // A member whom an earlier version had erased on the host only is erased here too.
        await app.WithAsync<PanelDb, int>(db => db.Database.ExecuteSqlAsync($"UPDATE members SET email = 'leaving@example.org' WHERE handle = 'leaving'"));
        await StepAsync(app, leaving, time);
        Assert.DoesNotContain("members.email", await MentionsAsync(app));

        // A year later the archive goes too, with what was kept to open it.
        time.Advance(Removals.ArchiveLife);
        await StepAsync(app, leaving, time);
        var forget = await app.WithAsync<PanelDb, long>(db => db.Set<HostRequest>().Where(r => r.Handle == "leaving" && r.Work == AgentWork.Forget).Select(r => r.Id).SingleAsync());
        using var agent = app.AgentLink();
        var known = await agent.AskAsync(0);
        Assert.Equal(HttpStatusCode.NoContent, await agent.TellAsync((string)known["epoch"]!, (long)known["revision"]!, request: forget));
        Assert.Equal(["audit_entries.target", "host_requests.handle", "members.handle", "members.normalized_handle"], await MentionsAsync(app));
    }

    private static Task<int> StepAsync(PanelApp app, Actor leaving, ManualTime time) => app.WithAsync<Removals, int>(async removals =>
    {
        await app.WithAsync<PanelDb, int>(async db =>
        {
            var now = time.GetUtcNow().UtcDateTime;
            await db.Database.ExecuteSqlAsync($"UPDATE backups SET made_at = {now} WHERE member_id = {leaving.MemberId}");
            return await db.Database.ExecuteSqlAsync($"UPDATE hosts SET seen_at = {now}, removals_held_at = NULL");
        });
        await removals.ContinueAsync(Actor.Job, default);
        return 0;
    });

    /// <summary>A row of the member's in every table: what refers to a member refers to this one, what refers to a list to this one's, and every free text is about them.</summary>
    private static Task<int> FillAsync(PanelApp app, Actor who) => app.WithAsync<PanelDb, int>(async db =>
    {
        var made = new Dictionary<string, long>(StringComparer.Ordinal) { ["members"] = who.MemberId!.Value, ["packages"] = 1, ["hosts"] = await db.Set<Host>().Select(h => h.Id).FirstAsync() };
        var open = Tables(db).Where(t => !OfTheHouse.Contains(t.Name) && t.Name is not ("members" or "audit_entries" or "audit_heads" or "audit_values")).ToList();
        while (open.Count > 0)
        {
            var table = open.First(t => t.Columns.All(c => TargetOf(c) is not { } target || made.ContainsKey(target)));
            open.Remove(table);
            made[table.Name] = await InsertAsync(db, table, made, who.Name);
        }

        return 0;
    });

    /// <summary>The table that a column refers to, by the schema's way of naming: also where no rule of the database says so.</summary>
    private static string? TargetOf(IColumn column) => column.Name switch
    {
        "member_id" or "user_id" or "by_id" or "approver_id" => "members",
        "host_id" or "from_host_id" or "to_host_id" => "hosts",
        "package_id" => "packages",
        "list_id" => "lists",
        "issue_id" => "issues",
        "subscriber_id" => "subscribers",
        "import_id" => "imports",
        "site_id" => "sites",
        "task_id" => "tasks",
        "send_id" or "receive_id" => "host_requests",
        _ => null,
    };

    private static async Task<long> InsertAsync(PanelDb db, ITable table, Dictionary<string, long> made, string handle)
    {
        // What a front door has made already is the member's row.
        if (table.PrimaryKey!.Columns is [{ Name: "member_id" }] && await ScalarAsync(db, $"SELECT count(*) FROM {table.Name} WHERE member_id = {made["members"]}") > 0)
        {
            return 0;
        }

        var columns = table.Columns.Where(c => !(c.Name == "id" && table.PrimaryKey.Columns is [{ Name: "id" }])).ToList();
        await using var insert = (await OpenAsync(db)).CreateCommand();
        foreach (var column in columns)
        {
            var value = insert.CreateParameter();
            (value.ParameterName, value.Value) = ($"@{column.Name}", ValueOf(column, made, handle));
            insert.Parameters.Add(value);
        }

        insert.CommandText = $"INSERT INTO {table.Name} ({string.Join(", ", columns.Select(c => $"\"{c.Name}\""))}) VALUES ({string.Join(", ", columns.Select(c => c.StoreType == "jsonb" ? $"CAST(@{c.Name} AS jsonb)" : $"@{c.Name}"))})"
            + (table.FindColumn("id") is null ? "" : " RETURNING id");
        return Convert.ToInt64(await insert.ExecuteScalarAsync() ?? 0L, CultureInfo.InvariantCulture);
    }

    private static object ValueOf(IColumn column, Dictionary<string, long> made, string handle)
    {
        if (TargetOf(column) is { } target)
        {
            return made[target];
        }

        var mapping = column.PropertyMappings.Select(m => m.Property).FirstOrDefault();
        var type = mapping is null ? typeof(string) : Nullable.GetUnderlyingType(mapping.ClrType) ?? mapping.ClrType;
        return column.Name switch
        {
            "data" => $$"""{"of":"{{handle}}"}""",
            "handle" => handle,
            _ when column.Name.EndsWith("hash", StringComparison.Ordinal) => $"hash of {made["members"]}",
            "email" => $"{handle}@example.org",
            "state" when column.Table.Name == "account_copies" => nameof(CopyState.Kept),
            "work" => nameof(AgentWork.Backup),
            _ when type.IsEnum => Enum.GetNames(type)[0],
            _ when type == typeof(DateTime) || type == typeof(DateTimeOffset) => column.StoreType.Contains("time", StringComparison.Ordinal) ? Start.UtcDateTime : "2026-11-01 08:00:00",
            _ when type == typeof(DateOnly) => column.StoreType == "date" ? DateOnly.FromDateTime(Start.UtcDateTime) : "2026-11-01",
            _ when type == typeof(bool) => column.StoreType == "boolean" ? true : 1,
            _ when type == typeof(long) => 1L,
            _ when type == typeof(int) => 1,
            _ when type == typeof(byte[]) => System.Text.Encoding.UTF8.GetBytes(handle),
            _ => $"{handle}@example.org",
        };
    }

    /// <summary>What others have that is about the leaving member.</summary>
    private static Task<int> MentionAsync(PanelApp app, Actor staying, Actor leaving) => app.WithAsync<PanelDb, int>(async db =>
    {
        var (address, m) = (app.Services.GetRequiredService<FingerReply>().AddressOf("leaving"), staying.MemberId);
        FormattableString[] mentions =
        [
            $"UPDATE lists SET approver_id = {leaving.MemberId} WHERE member_id = {m}",
            $"UPDATE issue_approvals SET by_id = {leaving.MemberId}, by_name = 'leaving' WHERE issue_id IN (SELECT i.id FROM issues i JOIN lists l ON l.id = i.list_id WHERE l.member_id = {m})",
            $"UPDATE issue_versions SET by_name = 'leaving' WHERE issue_id IN (SELECT i.id FROM issues i JOIN lists l ON l.id = i.list_id WHERE l.member_id = {m})",
            $"UPDATE finger_plans SET written_by = 'leaving' WHERE member_id = {m}",
            $"UPDATE finger_posts SET written_by = 'leaving', reply_to = {address} WHERE member_id = {m}",
            $"UPDATE finger_reports SET answered_by = 'leaving', contact = 'Leaving@example.org' WHERE member_id = {m}",
            $"UPDATE host_requests SET asked_by = 'leaving' WHERE handle = 'staying'",
            $"UPDATE moves SET asked_by = 'leaving' WHERE member_id = {m}",
            $"INSERT INTO finger_follows (member_id, address, nick, followed_at) VALUES ({m}, {address}, 'l', {Start.UtcDateTime})",
            $"INSERT INTO finger_notices (member_id, address, text, posted_at) VALUES ({m}, {address}, 'leaving says', {Start.UtcDateTime})",
            $"INSERT INTO finger_remotes (address, host, name, plan, hash, due_at, failures) VALUES ({address}, 'localhost', 'leaving', 'leaving', '', {Start.UtcDateTime}, 0)",
            $"INSERT INTO finger_remote_posts (address, text, digest, posted_at, seen_at) VALUES ({address}, 'leaving says', '', {Start.UtcDateTime}, {Start.UtcDateTime})",
        ];
        foreach (var mention in mentions)
        {
            Assert.Equal(1, await db.Database.ExecuteSqlAsync(mention));
        }

        return 0;
    });

    private static Task<Dictionary<string, long>> CountsAsync(PanelApp app) => app.WithAsync<PanelDb, Dictionary<string, long>>(async db =>
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in Tables(db))
        {
            counts[table.Name] = await ScalarAsync(db, $"SELECT count(*) FROM {table.Name}");
        }

        return counts;
    });

    /// <summary>Every column of every table in which the person's handle or address is found.</summary>
    private static Task<List<string>> MentionsAsync(PanelApp app) => app.WithAsync<PanelDb, List<string>>(async db =>
    {
        var found = new List<string>();
        foreach (var column in Tables(db).SelectMany(t => t.Columns))
        {
            var text = column.StoreType is "bytea" ? $"encode(\"{column.Name}\", 'escape')" : $"CAST(\"{column.Name}\" AS text)";
            if (await ScalarAsync(db, $"SELECT count(*) FROM {column.Table.Name} WHERE lower({text}) LIKE '%leaving%'") > 0)
            {
                found.Add($"{column.Table.Name}.{column.Name}");
            }
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    });

    private static List<ITable> Tables(PanelDb db) => [.. db.GetService<IDesignTimeModel>().Model.GetRelationalModel().Tables];

    private static async Task<long> ScalarAsync(PanelDb db, string sql)
    {
        await using var command = (await OpenAsync(db)).CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture);
    }

    private static async Task<DbConnection> OpenAsync(PanelDb db)
    {
        await db.Database.OpenConnectionAsync();
        return db.Database.GetDbConnection();
    }
}
