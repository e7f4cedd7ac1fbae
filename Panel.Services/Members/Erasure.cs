using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;
using Panel.Services.Finger;

namespace Panel.Services.Members;

/// <summary>Takes a removed member out of Panel's own database when the grace is over. Row and handle stay, so that neither is given again, and
/// the audit's entries, whose values are emptied (their hashes still prove the chain); suppression hashes stay for good. What the host still has
/// to be told (placement, copies, the last archive with its key) goes when the host has said that nothing is left.</summary>
public sealed class Erasure(PanelDb db, FingerReply finger)
{
    /// <summary>Stands where the handle stood in what belongs to others.</summary>
    public const string Somebody = "erased member";

    private const string Lists = "(SELECT id FROM lists WHERE member_id = {0})";
    private const string Issues = $"(SELECT id FROM issues WHERE list_id IN {Lists})";

    // {0} member, {1} handle, {2} e-mail address, {3} finger address, {4} Somebody. What refers comes before what it refers to.
    private static readonly string[] Steps =
    [
        // Newsletters.
        .. Of("issue_id", Issues, "deliveries", "opens", "clicks", "issue_versions", "issue_approvals"),
        $"DELETE FROM consents WHERE subscriber_id IN (SELECT id FROM subscribers WHERE list_id IN {Lists})",
        "UPDATE suppressions SET list_id = NULL, reason = 'erased' WHERE member_id = {0}",
        .. Of("list_id", Lists, "letters", "returned_mails", "imports", "sign_ups", "segments", "list_images", "subscribers", "issues"),
        "DELETE FROM warm_ups WHERE domain IN (SELECT domain FROM sender_domains WHERE member_id = {0})",
        .. Of("member_id", "({0})", "sender_domains", "lists"),
        "DELETE FROM letters WHERE list_id IS NULL AND lower(email) = lower({2}) AND NOT EXISTS (SELECT 1 FROM members WHERE id <> {0} AND lower(email) = lower({2}))",
        "UPDATE lists SET approver_id = NULL WHERE approver_id = {0}",
        "UPDATE issue_approvals SET by_id = NULL, by_name = {4} WHERE by_id = {0} OR by_name = {1}",
        "UPDATE issue_versions SET by_name = {4} WHERE by_name = {1}",

        // Hosting. A move or a copy that is not through yet is what a host still has to be told.
        "DELETE FROM task_runs WHERE task_id IN (SELECT id FROM tasks WHERE member_id = {0})",
        .. Of("member_id", "({0})", "tasks", "databases", "site_domains", "sites", "ssh_keys", "item_statuses", "drifts", "usage_samples", "quota_notices", "traffic_hours", "program_mails"),
        "DELETE FROM host_requests WHERE handle = {1} AND (answered_at IS NOT NULL OR work NOT IN ('Send', 'Receive', 'Forget'))",
        "DELETE FROM moves WHERE member_id = {0} AND ended_at IS NOT NULL",
        "UPDATE host_requests SET asked_by = {4} WHERE asked_by = {1}",
        "UPDATE moves SET asked_by = {4} WHERE asked_by = {1}",

        // Finger, and what others keep of this address.
        .. Of("member_id", "({0})", "finger_words", "finger_plans", "finger_posts", "finger_follows", "finger_notices", "finger_homes", "finger_reports", "finger_accounts"),
        .. Of("address", "({3})", "finger_follows", "finger_notices", "finger_remote_posts", "finger_remotes"),
        "UPDATE finger_posts SET reply_to = NULL WHERE reply_to = {3}",
        "UPDATE finger_posts SET written_by = {4} WHERE written_by = {1}",
        "UPDATE finger_plans SET written_by = {4} WHERE written_by = {1}",
        "UPDATE finger_reports SET answered_by = {4} WHERE answered_by = {1}",
        "UPDATE finger_reports SET contact = NULL WHERE lower(contact) = lower({2})",

        // Every way in, and the person.
        .. Of("member_id", "({0})", "sessions", "api_tokens", "invitations", "recovery_codes"),
        .. Of("user_id", "({0})", "member_passkeys", "member_tokens", "member_logins", "member_claims"),
        "UPDATE audit_values SET \"old\" = NULL, \"new\" = NULL WHERE \"old\" = {2} OR \"new\" = {2} OR entry_id IN (SELECT id FROM audit_entries WHERE chain = {0})",
        "UPDATE members SET name = '', email = '', normalized_email = '', phone_number = NULL, password_hash = NULL, security_stamp = NULL, totp_secret = NULL, totp_step = NULL, lockout_end = NULL WHERE id = {0}",
    ];

    private static IEnumerable<string> Of(string column, string which, params string[] tables) => tables.Select(t => $"DELETE FROM {t} WHERE {column} IN {which}");

    /// <summary>Runs in the caller's transaction. The numbers of the imports and of the host's answers whose files lie in the data directory.</summary>
    internal async Task<(IReadOnlyList<long> Imports, IReadOnlyList<long> Answers)> EraseAsync(Member member, CancellationToken ct)
    {
        var imports = await db.Database.SqlQuery<long>($"SELECT id AS \"Value\" FROM imports WHERE list_id IN (SELECT id FROM lists WHERE member_id = {member.Id})").ToListAsync(ct);
        var answers = await db.Database.SqlQuery<long>($"SELECT id AS \"Value\" FROM host_requests WHERE handle = {member.Handle}").ToListAsync(ct);
        foreach (var step in Steps)
        {
            await db.Database.ExecuteSqlRawAsync(step, [member.Id, member.Handle, member.Email ?? "", finger.AddressOf(member.Handle), Somebody], ct);
        }

        await FingerAccounts.RaiseClockAsync(db, ct);
        return (imports, answers);
    }
}
