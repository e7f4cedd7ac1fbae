namespace Panel.Agent;

/// <summary>Where everything lies. All of it is root's; members own only what lies in home, private, tmp, sessions and public.</summary>
internal sealed class Layout(string root, string run)
{
    public static Layout Of(AgentOptions options) => new($"/srv/panel/{options.Id}", $"/run/panel/host-{options.Id}") { Listen = options.Listen, MailSocket = $"{Path.GetDirectoryName(Native.RealPath(options.Socket))}/mail.sock" };

    public string Root { get; } = root;

    /// <summary>Not below /run/panel/ID, where Panel.Web's user may make files.</summary>
    public string Run { get; } = run;

    /// <summary>Addresses, loopback among them, at which nginx and sshd listen; IPv6 ones in brackets.</summary>
    public IReadOnlyList<string> Listen { get; init; } = [];

    /// <summary>Where Panel takes the mails of members' programs.</summary>
    public string MailSocket { get; init; } = "";

    public string State => $"{Root}/state";

    /// <summary>Half-made things. On the same file system as <see cref="Vhosts"/>, outside it, and emptied at start.</summary>
    public string Staging => $"{Root}/staging";

    public string Vhosts => $"{Root}/vhosts";

    public string Pages => $"{Root}/pages";

    public string Nginx => $"{Root}/nginx";

    public string Ssh => $"{Root}/ssh";

    /// <summary>Keys and certificates of sites, as HANDLE.SITE.key and .crt; nginx' workers read them while they shake hands.</summary>
    public string Tls => $"{Root}/tls";

    /// <summary>lego's own account and papers; its user's, and nothing in it is ever opened by root.</summary>
    public string Acme => $"{Root}/acme";

    public string AcmeWebroot => $"{Root}/acme-webroot";

    public string AcmeRequests => $"{Root}/acme-requests";

    public string Keys => $"{Root}/keys";

    public string Php => $"{Root}/php";

    public string Log => $"{Root}/host-log";

    public string Accounts => $"{Root}/accounts";

    public string Image => $"{Root}/accounts.img";

    /// <summary>Removed accounts, kept 30 days, on the accounts' own file system so that moving them is a rename.</summary>
    public string Trash => $"{Accounts}/.trash";

    /// <summary>One backup at a time is tried here; among the half-made trees, which go at the next start.</summary>
    public string Trial => $"{Accounts}/.new-trial";

    public string PhpSockets => $"{Run}/php";

    public string AppSockets => $"{Run}/apps";

    public string Daemons => $"{Run}/daemons";

    public string Tree(string handle) => $"{Accounts}/{handle}";

    public string Site(string handle, string site) => $"{Accounts}/{handle}/sites/{site}";

    public string Public(string handle, string site) => $"{Accounts}/{handle}/sites/{site}/public";

    public string PhpSocket(string handle) => $"{PhpSockets}/{handle}.sock";

    public string AppSocket(string handle, string site) => $"{AppSockets}/{handle}.{site}";

    /// <summary>Root's; the member reads it by SFTP.</summary>
    public string SiteLog(string handle, string site) => $"{Accounts}/{handle}/logs/{site}.log";

    public string Traffic => $"{State}/traffic";

    public string Pool(string handle) => $"{Php}/{handle}.conf";

    public string KeyFile(string handle) => $"{Keys}/{handle}";
}
