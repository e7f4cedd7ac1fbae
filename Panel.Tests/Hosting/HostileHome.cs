namespace Panel.Tests.Hosting;

/// <summary>All that a member can leave in their own home for root to fall over: links out, setuid, pipes, sockets, holes, closed folders.</summary>
internal static class HostileHome
{
    /// <summary>As the member, in the account's tree; <paramref name="other"/> is another member's tree.</summary>
    public static string[] Making(string tree, string other) =>
    [
        "perl", "-e", """
        use IO::Socket::UNIX;
        my ($tree, $other) = @ARGV;
        chdir "$tree/home" or die $!;
        sub put { my ($n, $t) = @_; open my $f, ">", $n or die "$n: $!"; print $f $t; close $f }
        mkdir "odd";
        symlink $$_[0], $$_[1] or die $! for ["/etc/shadow", "shadow"], ["../../../../../../etc", "up"], ["$other/home/secret", "bobs"], ["$other/home", "bob"], ["/nowhere", "dangling"], ["odd", "within"], [".", "self"];
        put("one", "linked"); link "one", "two" or die $!; link "one", "../private/three" or die $!;
        put("setuid", "#!/bin/sh\n"); chmod 06755, "setuid" or die $!;
        mkdir "sticky"; chmod 01777, "sticky"; mkdir "setgid"; chmod 02775, "setgid";
        mkdir "readonly"; put("readonly/x", "in a folder that is read only"); chmod 0555, "readonly";
        mkdir "closed"; put("closed/x", "in a closed folder"); chmod 0, "closed"; put("none", "closed file"); chmod 0, "none";
        system("mkfifo", "pipe") == 0 or die;
        IO::Socket::UNIX->new(Local => "socket", Listen => 1) or die $!;
        put("hole", ""); open my $h, "+<", "hole"; truncate $h, 1 << 30; seek $h, 1 << 29, 0; print $h "in the middle"; close $h;
        my $v = "value"; my $p = "one"; my $a = "user.panel"; syscall(188, $p, $a, $v, 5, 0);
        """, tree, other,
    ];

    /// <summary>A chain of folders whose whole path is longer than PATH_MAX, with a file at its end.</summary>
    public static string[] Deepening(string tree) =>
        ["perl", "-e", """chdir "$ARGV[0]/home" or die; for (1 .. 25) { mkdir "d" x 200 or die; chdir "d" x 200 or die } open my $f, ">", "bottom"; print $f "deep" """, tree];

    /// <summary>As root: a line for every name that a path can reach, with kind, mode, links, target, size and what is in it.</summary>
    public static string[] Looking(string tree, string modes = "%m ") => ["env", "-C", tree, "LC_ALL=C", "bash", "-c", $$"""
        find home private -regextype posix-extended -regex '.{4096,}' -prune -o ! -type s ! -type d -printf '%p %y {{modes}}%n %s %l\0' -o -type d -printf '%p %y {{modes}}\0' | sort -z | tr '\n\0' '\r\n'
        find home private -regextype posix-extended -regex '.{4096,}' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum -z | tr '\n\0' '\r\n'
        """];
}
