using System.Text.Json.Serialization;

namespace Panel.Hosting;

// Compiled into Panel.Services and into Panel.Agent, so that both ends of the link share one shape and the agent
// references no database, web or mail code. JSON is camelCase, enums are camelCase words, absent lists are errors.

/// <summary>What an account should be on its host. <c>Removed</c> (put aside whole) and <c>Erased</c> (nothing of it is left) are the only
/// ways an account ever leaves a host: being absent from an answer changes nothing.</summary>
public enum AccountStatus { Active, Suspended, Removed, Erased }

/// <summary>A move between two hosts stops an account for a while, whatever its status. <c>Leaving</c>: it can be read and not written.
/// <c>Arriving</c>: the same, and it takes what the other host sends. <c>Kept</c>: an old copy, out of service.</summary>
public enum AccountHold { None, Leaving, Arriving, Kept }

/// <summary>How a site's requests are answered: files, files and php-fpm, or a member's own program.</summary>
public enum SiteKind { Static, Php, Proxy }

/// <summary>What the agent found or made of one item.</summary>
public enum ItemState { Live, Failed, Suspended, Removed, Held }

/// <summary>What Panel asks of a host beside its accounts: a dry run, a full pass now, a usage sample, or for one account a run
/// of a task, the end of a site's log, a backup, its restore, its reading back as a trial, an archive to take along,
/// one side of a move, or the end of the repository of an account that is erased.</summary>
public enum AgentWork { Plan, Converge, Usage, Log, Task, Backup, Restore, Trial, Export, Send, Receive, Forget, Contents }

/// <summary>One pass of a move. The <paramref name="Last"/> one wants an account that cannot be written, and all of it.</summary>
public sealed record MoveOrder(bool Last);

/// <summary>What one side of a move has of an account after a pass: entries and bytes of its files, and a SHA-256 over every name, mode, time, link
/// and content; <paramref name="Sent"/> is how many entries went over in this pass, <paramref name="Certificates"/> what became of each that came,
/// <paramref name="Left"/> what cannot be carried: <c>s</c> and the name of a socket, <c>x</c> and the beginning of a name that is too long, twenty at most.</summary>
public sealed record MoveReport(long Files, long Bytes, string Sha256, long Sent, IReadOnlyList<MovedDatabase> Databases, IReadOnlyList<string>? Certificates = null, IReadOnlyList<string>? Left = null);

/// <summary>A database as a dump of so many bytes with this SHA-256, and the rows of its tables.</summary>
public sealed record MovedDatabase(string Name, long Bytes, string Sha256, IReadOnlyDictionary<string, long> Rows);

/// <summary>Which backup, and what of it: a path (for <see cref="AgentWork.Contents"/> a part of one), a database, or all. <paramref name="Secret"/> opens the repository; <paramref name="Wrapped"/> is the same
/// for whoever has the house's key of backups, and is put beside it. After a backup the newest of so many days, weeks and months stay (<paramref name="Keep"/>).</summary>
public sealed record BackupOrder(string Secret, string? Snapshot = null, string? Path = null, string? Database = null, bool Beside = false, string? Wrapped = null, BackupKeep? Keep = null);

/// <summary>How many backups stay: the newest of each of so many days, weeks and months.</summary>
public sealed record BackupKeep(int Daily, int Weekly, int Monthly);

/// <summary>A backup that was made or read: bytes of the archive and its SHA-256; <paramref name="Notes"/> say what was not to be had. <paramref name="Kept"/> are
/// all that the repository has after old ones went; null when none went. <paramref name="Counted"/> are its databases, after a trial those that were made of
/// its dumps; <paramref name="Trial"/> is what a trial found.</summary>
public sealed record BackupMade(string Handle, string Snapshot, long Bytes, string Sha256, IReadOnlyList<string> Notes, IReadOnlyList<string>? Kept = null,
    IReadOnlyList<CountedDatabase>? Counted = null, TrialFound? Trial = null);

/// <summary>Rows by table; null when they changed while they were counted.</summary>
public sealed record CountedDatabase(string Name, IReadOnlyDictionary<string, long>? Rows);

/// <summary>A backup restored into a scratch place: its files as they then lay there, its sites as the web server answered with them, and what
/// was <paramref name="Wrong"/>, each in words.</summary>
public sealed record TrialFound(long Files, IReadOnlyList<string> Sites, IReadOnlyList<string> Wrong);

/// <summary>One site. <paramref name="Address"/> is the automatic name; <paramref name="Domains"/> are proved own names,
/// A-labels, lower case, without the final dot. <paramref name="Canonical"/>, one of these names, is where the others send their visitors.</summary>
public sealed record SiteState(string Name, SiteKind Kind, string Address, IReadOnlyList<string> Domains, string? PhpVersion,
    bool HttpsOnly = false, string? Canonical = null);

/// <summary>One SSH public key without options: type and base64 body, as in <c>ssh-ed25519 AAAA...</c>.</summary>
public sealed record KeyState(long Id, string PublicKey);

/// <summary>The servers that a host runs for members.</summary>
public enum DatabaseEngine { Mariadb, Postgres }

/// <summary>One database with a user of the same name, <c>handle_name</c>. <paramref name="Verifier"/> is SCRAM for
/// PostgreSQL, the hash of mysql_native_password for MariaDB.</summary>
public sealed record DatabaseState(string Name, DatabaseEngine Engine, string Verifier);

/// <summary>A scheduled program with its arguments, run as the member; <paramref name="Schedule"/> as <see cref="TaskSchedule"/> reads it.</summary>
public sealed record TaskState(string Name, string Schedule, IReadOnlyList<string> Arguments, int LimitSeconds);

/// <summary>One run of a task. <paramref name="ExitCode"/> is null when it did not end by itself; <paramref name="Note"/> then says why.</summary>
public sealed record TaskRun(string Handle, string Task, DateTime StartedAt, long Milliseconds, int? ExitCode, string? Note, string Output);

/// <summary>Bytes that a database takes.</summary>
public sealed record DatabaseUse(string Name, long Bytes);

/// <summary>One account, whole. <paramref name="Revision"/> is the host's number at its last change;
/// <paramref name="DiskLimitBytes"/> null means no limit.</summary>
public sealed record AccountState(
    string Handle,
    int Uid,
    long Revision,
    AccountStatus Status,
    long? DiskLimitBytes,
    IReadOnlyList<SiteState> Sites,
    IReadOnlyList<KeyState> Keys,
    IReadOnlyList<DatabaseState>? Databases = null,
    IReadOnlyList<TaskState>? Tasks = null,
    HomeState? Home = null,
    bool Pinned = false,
    AccountHold Hold = AccountHold.None)
{
    /// <summary>Its owner may work in it.</summary>
    [JsonIgnore]
    public bool IsOpen => Status == AccountStatus.Active && Hold == AccountHold.None;

    [JsonIgnore]
    public bool IsGone => Status is AccountStatus.Removed or AccountStatus.Erased;
}

/// <summary>Texts that a member's own <c>~/.plan</c> and <c>~/.project</c> should have; null leaves a file alone.</summary>
public sealed record HomeState(HomeFile? Plan, HomeFile? Project);

/// <summary>Written only while the file still has the SHA-256 <paramref name="Seen"/>; empty means while there is none.</summary>
public sealed record HomeFile(string Text, string Seen);

/// <summary>A member's own <c>plan</c> or <c>project</c> file after it changed, its bytes in base64; without content there is none, or
/// <paramref name="Problem"/> says why it could not be read. Not a byte[], whose null the generated serialiser writes as empty.</summary>
public sealed record HomeReport(string Handle, string File, string? Content, string? Problem);

/// <summary>What somebody changed by hand on an account that Panel had not changed: the steps that put it back, each with its
/// difference. Not <paramref name="Healed"/> while the account is pinned.</summary>
public sealed record DriftReport(string Handle, bool Healed, IReadOnlyList<string> Lines);

/// <summary>Something a host should do once; the answer is a report with the same id.</summary>
public sealed record AgentRequest(long Id, AgentWork Work, string? Handle = null, string? Name = null, BackupOrder? Backup = null, MoveOrder? Move = null);

/// <summary>What one hour (UTC) of a site's log adds. A batch is told until it is heard, and counted once.</summary>
public sealed record TrafficReport(string Batch, string Handle, string Site, DateTime Hour, long Bytes, long Requests, long Visits, long Errors);

/// <summary>The answer to <c>GET /agent/v1/accounts?epoch=E&amp;after=REV&amp;wait=SECONDS</c>: every account newer than
/// <c>after</c>, or all of them (<paramref name="Full"/>) when the epoch differs, <c>after</c> is 0 or lies in the future.
/// <paramref name="RemovalsConfirmed"/> is false after a restore until an admin has looked: nothing is taken away then.</summary>
public sealed record AccountsAnswer(
    string Host,
    string Epoch,
    long Revision,
    bool Full,
    bool RemovalsConfirmed,
    IReadOnlyList<AccountState> Accounts,
    IReadOnlyList<AgentRequest> Requests);

/// <summary>One item (<c>account</c>, <c>site</c>, <c>key</c> or a site's <c>certificate</c>) after a pass; <paramref name="Until"/> is the
/// end of a certificate's life (UTC); <paramref name="Message"/> is the reason in
/// words its owner can act on when it is not well.</summary>
public sealed record ItemReport(string Kind, string Name, ItemState State, string? Message, long Milliseconds, DateTime? Until = null);

/// <summary>Disk used by one account, its files and its databases together; <paramref name="Enforced"/> says whether the file
/// system itself refuses more files.</summary>
public sealed record UsageReport(string Handle, long DiskBytes, long? LimitBytes, bool Enforced, IReadOnlyList<DatabaseUse>? Databases = null);

public sealed record AccountReport(string Handle, long Revision, IReadOnlyList<ItemReport> Items);

/// <summary>What members and admins must know of a host: where its services answer and whether quotas are enforced.</summary>
public sealed record HostFacts(
    int HttpPort,
    int HttpsPort,
    int SftpPort,
    string SftpHost,
    string FileSystem,
    bool QuotaEnforced,
    IReadOnlyList<string> PhpVersions,
    bool Certificates = false,
    string? DatabaseSockets = null,
    long? FreeBytes = null,
    bool BackupsOnSameDisk = false);

/// <summary>The body of <c>POST /agent/v1/reports</c>. Sent after every pass and repeated by the next one when it was lost.
/// <paramref name="RequestId"/> and <paramref name="Plan"/> answer an <see cref="AgentRequest"/>.</summary>
public sealed record HostReport(
    string Epoch,
    long Revision,
    bool Full,
    long Milliseconds,
    HostFacts Facts,
    IReadOnlyList<AccountReport> Accounts,
    IReadOnlyList<UsageReport> Usage,
    IReadOnlyList<string> Orphans,
    long? RequestId,
    IReadOnlyList<string>? Plan,
    string? Failure = null,
    IReadOnlyList<TaskRun>? Runs = null,
    IReadOnlyList<TrafficReport>? Traffic = null,
    IReadOnlyList<HomeReport>? Homes = null,
    BackupMade? Backup = null,
    IReadOnlyList<DriftReport>? Drift = null,
    MoveReport? Move = null);

/// <summary>The body of <c>POST /agent/v1/joins</c>, over TLS only: the code of the line that an admin made.</summary>
public sealed record JoinRequest(string Code);

/// <summary>The answer to it: the host's name, and the token that its agent shows from now on.</summary>
public sealed record HostJoined(string Host, string Token);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AccountsAnswer))]
[JsonSerializable(typeof(HostReport))]
[JsonSerializable(typeof(IReadOnlyList<TrafficReport>))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(HostJoined))]
internal sealed partial class AgentJson : JsonSerializerContext;
