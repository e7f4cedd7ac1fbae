namespace Panel.Tests.Hosting;

/// <summary>A test that needs root and the real daemons; elsewhere it is skipped and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Missing!;

    public static string? Missing { get; } =
        !string.Equals(Environment.UserName, "root", StringComparison.Ordinal) ? "needs root"
        : new[] { "/usr/sbin/nginx", "/usr/sbin/sshd", "/usr/sbin/php-fpm8.2", "/usr/bin/setfacl", "/usr/bin/sftp" }.FirstOrDefault(p => !File.Exists(p)) is { } program ? $"needs {program}"
        : null;
}
