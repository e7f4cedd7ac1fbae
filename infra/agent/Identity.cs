namespace Panel.Agent;

/// <summary>The uid range that is ours on a host, and the system identities at its end. All of them live in
/// /var/lib/extrausers; the machine's own /etc/passwd is never touched.</summary>
internal static class Identity
{
    public const int First = 200_000, Last = 299_989;
    public const int AcmeId = 299_997, NginxId = 299_998, MembersGid = 299_999;
    public const string Acme = "panel-acme", Nginx = "panel-nginx", Members = "panel-members";
    public const int MariaDbId = 299_991, PostgresId = 299_992;

    /// <summary>The users of our own programs; each has a group of the same name and number.</summary>
    public static IReadOnlyDictionary<string, int> System { get; } = new Dictionary<string, int>
    {
        [Nginx] = NginxId,
        [Acme] = AcmeId,
        ["panel-mariadb"] = MariaDbId,
        ["panel-postgres"] = PostgresId,
    };

    /// <summary>A member's uid; the group of the same number is the member's own.</summary>
    public static bool IsMember(int uid) => uid is >= First and <= Last;

    public static bool IsOurs(int id) => id is >= First and <= MembersGid;
}

/// <summary>A member as Unix user. Locked: sshd refuses the login.</summary>
internal sealed record UnixUser(string Handle, int Uid, bool Locked);
