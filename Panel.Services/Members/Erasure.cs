using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Finger;
using Panel.Services.Newsletters;

namespace Panel.Services.Members;

/// <summary>Takes a removed member out of Panel's own database when the grace is over. Row and handle stay, so that neither is given again, and
/// the audit's entries, whose values are emptied (their hashes still prove the chain); suppression hashes stay for good. What the host still has
/// to be told (placement, copies, the last archive with its key) goes when the host has said that nothing is left.</summary>
public sealed class Erasure(PanelDb db, FingerReply finger, TimeProvider time)
{
    /// <summary>Stands where the handle stood in what belongs to others.</summary>
    public const string Somebody = "erased member";

    private const string Lists = "(SELECT id FROM lists WHERE member_id = {0})";
    private const string Issues = $"(SELECT id FROM issues WHERE list_id IN {Lists})";

    // {0} member, {1} handle, {2} e-mail address, {3} finger address, {4} Somebody. What refers comes before what it refers to.
    private static readonly ErasureStep[] Steps =
    [
        // Newsletters.
        .. Many("issue_id", Issues, "deliveries", "opens", "clicks", "issue_versions"),
        .. Few("issue_id", Issues, "issue_approvals"),
        new("consents", $"subscriber_id IN (SELECT id FROM subscribers WHERE list_id IN {Lists})"),
        new("suppressions", "member_id = {0} AND reason <> 'erased'", "list_id = NULL, reason = 'erased'", IsMany: true),
        .. Many("list_id", Lists, "letters", "returned_mails", "sign_ups", "list_images"),
        new("subscribers", $"list_id IN {Lists}", IsMany: true, Child: "consents.subscriber_id", Order: "list_id, id"),
        .. Few("list_id", Lists, "imports", "segments", "issues"),
        new("warm_ups", "domain IN (SELECT domain FROM sender_domains WHERE member_id = {0})"),
        .. Few("member_id", "({0})", "sender_domains", "lists"),
        new("letters", "list_id IS NULL AND lower(email) = lower({2}) AND NOT EXISTS (SELECT 1 FROM members WHERE id <> {0} AND lower(email) = lower({2}))"),
        new("lists", "approver_id = {0}", "approver_id = NULL"),
        new("issue_approvals", "by_id = {0} OR by_name = {1}", "by_id = NULL, by_name = {4}"),
        new("issue_versions", "by_name = {1}", "by_name = {4}"),

        // Hosting. A move or a copy that is not through yet is what a host still has to be told.
        new("task_runs", "task_id IN (SELECT id FROM tasks WHERE member_id = {0})", IsMany: true),
        .. Few("member_id", "({0})", "tasks", "databases", "site_domains", "sites", "ssh_keys", "item_statuses", "quota_notices"),
        .. Many("member_id", "({0})", "drifts", "usage_samples", "traffic_hours", "program_mails"),
        new("host_requests", "handle = {1} AND (answered_at IS NOT NULL OR work NOT IN ('Send', 'Receive', 'Forget'))"),
        new("moves", "member_id = {0} AND ended_at IS NOT NULL"),
        new("host_requests", "asked_by = {1}", "asked_by = {4}"),
        new("moves", "asked_by = {1}", "asked_by = {4}"),

        // Finger, and what others keep of this address.
        .. Many("member_id", "({0})", "finger_words", "finger_plans", "finger_posts", "finger_follows", "finger_notices"),
        .. Few("member_id", "({0})", "finger_homes", "finger_reports", "finger_accounts"),
        .. Few("address", "({3})", "finger_follows", "finger_notices", "finger_remote_posts", "finger_remotes"),
        new("finger_posts", "reply_to = {3}", "reply_to = NULL"),
        new("finger_posts", "written_by = {1}", "written_by = {4}"),
        new("finger_plans", "written_by = {1}", "written_by = {4}"),
        new("finger_reports", "answered_by = {1}", "answered_by = {4}"),
        new("finger_reports", "lower(contact) = lower({2})", "contact = NULL"),

        // Every way in, and the person.
        .. Few("member_id", "({0})", "sessions", "api_tokens", "invitations", "recovery_codes"),
        .. Few("user_id", "({0})", "member_passkeys", "member_tokens", "member_logins", "member_claims"),
        new("audit_values", "entry_id IN (SELECT id FROM audit_entries WHERE chain = {0}) AND (\"old\" IS NOT NULL OR \"new\" IS NOT NULL)", "\"old\" = NULL, \"new\" = NULL", IsMany: true),
        new("audit_values", "\"old\" = {2} OR \"new\" = {2}", "\"old\" = NULL, \"new\" = NULL"),
        new("members", "id = {0}", "name = '', email = '', normalized_email = '', phone_number = NULL, password_hash = NULL, security_stamp = NULL, totp_secret = NULL, totp_step = NULL, lockout_end = NULL"),
    ];

    private static IEnumerable<ErasureStep> Few(string column, string which, params string[] tables) => tables.Select(t => new ErasureStep(t, $"{column} IN {which}"));

    private static IEnumerable<ErasureStep> Many(string column, string which, params string[] tables) => Few(column, which, tables).Select(s => s with { IsMany = true });

    /// <summary>Takes what may be millions of rows in many short transactions, so that every other writer gets through; their lists are closed
    /// first. Broken off at any moment it goes on where it was, and <see cref="EraseAsync"/> takes what is left.</summary>
    internal async Task DrainAsync(Member member, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await db.Set<MailingList>().Where(l => l.MemberId == member.Id && l.RemovedAt == null).ExecuteUpdateAsync(set => set.SetProperty(l => l.RemovedAt, now), ct);
        foreach (var step in Steps.Where(s => s.IsMany))
        {
            // A row of one table may take a hundred times as long as one of another.
            var pace = new ErasurePace();
            var rows = db.IsPostgres ? "ctid" : await KeyOfAsync(step.Table, ct);
            int most, taken;
            do
            {
                most = pace.Rows;
                await using (var transaction = await db.Database.BeginTransactionAsync(ct))
                {
                    // In its turn now: from here on the others wait.
                    var began = Stopwatch.GetTimestamp();
                    taken = await db.Database.ExecuteSqlRawAsync(step.Some(rows, most, db.IsPostgres), Words(member), ct);
                    await transaction.CommitAsync(ct);
                    pace.Note(taken, Stopwatch.GetElapsedTime(began));
                }

                await pace.RestAsync(ct);
            }
            while (taken >= most);
        }
    }

    /// <summary>Runs in the caller's transaction. The numbers of the imports and of the host's answers whose files lie in the data directory.</summary>
    internal async Task<(IReadOnlyList<long> Imports, IReadOnlyList<long> Answers)> EraseAsync(Member member, CancellationToken ct)
    {
        var imports = await db.Database.SqlQuery<long>($"SELECT id AS \"Value\" FROM imports WHERE list_id IN (SELECT id FROM lists WHERE member_id = {member.Id})").ToListAsync(ct);
        var answers = await db.Database.SqlQuery<long>($"SELECT id AS \"Value\" FROM host_requests WHERE handle = {member.Handle}").ToListAsync(ct);
        foreach (var step in Steps)
        {
            await db.Database.ExecuteSqlRawAsync(step.All, Words(member), ct);
        }

        await FingerAccounts.RaiseClockAsync(db, ct);
        return (imports, answers);
    }

    private object[] Words(Member member) => [member.Id, member.Handle, member.Email ?? "", finger.AddressOf(member.Handle), Somebody];

    /// <summary>Tables of SQLite that are kept by their key have no rowid.</summary>
    private Task<string> KeyOfAsync(string table, CancellationToken ct) =>
        db.Database.SqlQuery<string>($"SELECT group_concat(name) AS Value FROM (SELECT name FROM pragma_table_info({table}) WHERE pk > 0 ORDER BY pk)").SingleAsync(ct);
}
