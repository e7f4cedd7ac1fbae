using System.Text.RegularExpressions;

namespace Panel.Services.Members;

/// <summary>The grammar of handles and of the names of sites, lists, databases and tasks, and the names nobody may have.</summary>
public static partial class Handles
{
    // Users and groups of a Debian 12 system, the mailboxes of RFC 2142, and names that Panel or DNS need themselves.
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "root", "daemon", "bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data", "backup", "list", "irc",
        "gnats", "nobody", "nogroup", "systemd-network", "systemd-resolve", "systemd-timesync", "systemd-coredump", "systemd-journal", "messagebus", "sshd", "ssh",
        "postgres", "mysql", "mariadb", "postfix", "postdrop", "opendkim", "nginx", "adm", "tty", "disk", "kmem", "dialout", "fax", "voice",
        "cdrom", "floppy", "tape", "sudo", "audio", "dip", "operator", "src", "shadow", "utmp", "video", "sasl", "plugdev", "staff", "users",
        "crontab", "input", "sgx", "kvm", "render", "ssl-cert", "polkitd", "dnsmasq", "avahi", "redis", "git", "docker",
        "info", "marketing", "sales", "support", "abuse", "noc", "security", "postmaster", "hostmaster", "usenet", "webmaster", "www", "ftp",
        "panel", "panel-nginx", "panel-members", "panel-acme", "ns", "admin", "administrator", "bounce", "unsubscribe", "mailer-daemon", "localhost", "autoconfig", "autodiscover",
    };

    /// <summary>Null when <paramref name="handle"/> may be given to a member, otherwise why not.</summary>
    public static Refusal? Check(string? handle) => handle switch
    {
        null or "" => new Refusal("A handle is needed, for example ann.", "handle"),
        _ when handle.Length > 31 || !HandleGrammar().IsMatch(handle) || handle.StartsWith("xn--", StringComparison.Ordinal) => new Refusal(
            "A handle has 2 to 31 characters: it begins with a letter a to z, then letters, digits and single hyphens, and does not end with a hyphen.", "handle"),
        _ when Reserved.Contains(handle) => new Refusal($"The handle {handle} is reserved for the system.", "handle"),
        _ => null,
    };

    /// <summary>Null when <paramref name="name"/> may name a site, list, database or task, otherwise why not.</summary>
    public static Refusal? CheckName(string? name, string field = "name") =>
        name is not null && name.Length <= 31 && NameGrammar().IsMatch(name) ? null : new Refusal(
            "A name has 1 to 31 characters: letters a to z, digits and single hyphens, and begins and ends with a letter or digit.", field);

    [GeneratedRegex(@"\A[a-z](?:-?[a-z0-9]){1,30}\z")]
    private static partial Regex HandleGrammar();

    [GeneratedRegex(@"\A[a-z0-9](?:-?[a-z0-9]){0,30}\z")]
    private static partial Regex NameGrammar();
}
