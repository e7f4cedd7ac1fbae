namespace Panel.Agent;

/// <summary>Our sshd, for SFTP only: members with a key in a root-owned file, each in a chroot of their own.</summary>
internal sealed class FileServer(Layout layout)
{
    private readonly Daemon daemon = new(
        new DaemonKind(
            "sshd", "/usr/sbin/sshd",
            c => ["-t", "-f", c],
            c => ["-f", c, "-E", $"{layout.Log}/sshd.log"],
            Native.SigTerm),
        $"{layout.Ssh}/sshd_config", $"{layout.Run}/sshd.pid", layout);

    public Running? Running => daemon.Find();

    public string? Converge(Ports ports)
    {
        Files.Directory(layout.Ssh);
        Files.Directory(layout.Keys);
        // Where sshd locks its unprivileged part up; Debian's own unit makes it at boot.
        Files.Directory("/run/sshd");
        var key = $"{layout.Ssh}/host_ed25519";
        if (!File.Exists(key))
        {
            var staged = $"{layout.Staging}/{Guid.NewGuid():n}";
            Commands.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "panel", "-f", staged);
            Native.Rename($"{staged}.pub", $"{key}.pub");
            Native.Rename(staged, key);
        }

        return daemon.Converge(Render(layout, ports));
    }

    public void Stop() => daemon.Stop();

    /// <summary>The authorized_keys text of an account, oldest key first; root's file, readable for its own user only.</summary>
    public static string Authorized(IEnumerable<string> keys) => string.Concat(keys.Order(StringComparer.Ordinal).Select(k => $"{k}\n"));

    /// <summary>Everything is refused first and SFTP allowed for one group (sshd_config(5)).</summary>
    public static string Render(Layout at, Ports ports) => $"""
        # Written by Panel's agent. Changes are undone by its next full pass.
        {string.Join('\n', at.Listen.Select(a => $"ListenAddress {a}:{ports.SftpPort}"))}
        HostKey {at.Ssh}/host_ed25519
        PidFile {at.Run}/sshd.pid
        UsePAM no
        UseDNS no
        StrictModes yes
        PermitRootLogin no
        AllowGroups {Identity.Members}
        AuthenticationMethods publickey
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        HostbasedAuthentication no
        AuthorizedKeysFile none
        DisableForwarding yes
        PermitTTY no
        PermitUserRC no
        PermitUserEnvironment no
        PermitTunnel no
        MaxAuthTries 6
        LoginGraceTime 30
        MaxStartups 50:30:200
        ClientAliveInterval 60
        Subsystem sftp internal-sftp
        Match Group {Identity.Members}
          AuthorizedKeysFile {at.Keys}/%u
          ChrootDirectory {at.Accounts}/%u
          ForceCommand internal-sftp -d /home -u 0022

        """;
}
