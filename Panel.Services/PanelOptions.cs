using System.ComponentModel.DataAnnotations;

namespace Panel.Services;

/// <summary>Where the house keeps its data and under which address it is seen. Section <c>Panel</c>.</summary>
public sealed class PanelOptions
{
    /// <summary>Panel's own data directory; every <c>data/...</c> in the documentation lies below it.</summary>
    [Required]
    public string Data { get; set; } = "./data";

    /// <summary>What links in mails and pages start with; also decides the passkey domain. Never taken from a request.</summary>
    [Required, Url]
    public string PublicUrl { get; set; } = "http://localhost:8080";

    /// <summary>Addresses of reverse proxies whose forwarded headers count, separated by commas. Empty: none, not even loopback.</summary>
    public string TrustedProxies { get; set; } = "";

    /// <summary>How many connections one address may have open at the web server, of 5,000 for all; trusted proxies are not counted.</summary>
    [Range(1, 5_000)]
    public int ConnectionsPerAddress { get; set; } = 1_000;

    /// <summary>True where root started the program: then only uid 0 is the operator on <c>run/panel.sock</c>. Otherwise the
    /// program's own uid is it too, since whoever started it has no root to ask.</summary>
    public bool StartedByRoot { get; set; }

    /// <summary>Where copies of Panel's own data lie; empty is <c>copies</c> in the data directory. Better on another disk.</summary>
    public string Copies { get; set; } = "";

    public string CopiesPath => Copies.Length > 0 ? Path.GetFullPath(Copies) : PathOf("copies");

    public Uri PublicUri => new(PublicUrl, UriKind.Absolute);

    public string PathOf(params string[] below) => Path.GetFullPath(Path.Combine([Data, .. below]));
}
