namespace Panel.Agent;

/// <summary>The php-fpm configuration of one account, and how its master is started: as the account, in its own limits,
/// without any right to gain more.</summary>
internal static class PhpPool
{
    /// <summary>Versions whose php-fpm is installed, newest first.</summary>
    public static IReadOnlyList<string> Versions(string directory = "/usr/sbin") =>
        [.. Directory.EnumerateFiles(directory, "php-fpm*.*").Select(f => Path.GetFileName(f)["php-fpm".Length..])
            .Where(v => Version.TryParse(v, out _)).OrderByDescending(Version.Parse)];

    public static string Render(Layout at, string handle, string version) => $"""
        ; Written by Panel's agent. Changes are undone by its next full pass.
        ; php {version}
        [global]
        error_log = /dev/null
        daemonize = no
        [{handle}]
        listen = {at.PhpSocket(handle)}
        pm = ondemand
        pm.max_children = 8
        pm.process_idle_timeout = 10s
        pm.max_requests = 500
        clear_env = yes
        security.limit_extensions = .php
        request_terminate_timeout = 120s
        php_admin_value[open_basedir] = {at.Tree(handle)}/
        php_admin_value[session.save_path] = {at.Tree(handle)}/sessions
        php_admin_value[upload_tmp_dir] = {at.Tree(handle)}/tmp
        php_admin_value[sys_temp_dir] = {at.Tree(handle)}/tmp
        php_admin_value[error_log] = {at.Tree(handle)}/private/php.log
        php_admin_flag[log_errors] = on
        php_admin_flag[expose_php] = off
        php_admin_value[sendmail_path] = {at.Pages}/sendmail {at.MailSocket} {at.Tree(handle)}/private/mail.log
        php_admin_value[mysqli.default_socket] = {at.Run}/mariadb/mariadb.sock
        php_admin_value[pdo_mysql.default_socket] = {at.Run}/mariadb/mariadb.sock
        php_value[upload_max_filesize] = 64M
        php_value[post_max_size] = 64M
        env[HOME] = {at.Tree(handle)}/home
        env[TMPDIR] = {at.Tree(handle)}/tmp

        """;

    public static string VersionOf(string pool) => pool.Split('\n')[1].Split(' ')[^1];

    public static IReadOnlyList<string> Command(int uid, string version, params IReadOnlyList<string> arguments) => Commands.As(uid, [$"/usr/sbin/php-fpm{version}", .. arguments]);

    /// <summary>Null when php-fpm itself takes the file, asked as the account that will run it; else its words.</summary>
    public static string? Check(int uid, string version, string file)
    {
        var command = Command(uid, version, "-t", "-y", file);
        var ran = Commands.Try(command[0], [.. command.Skip(1)]);
        return ran.Code == 0 ? null : $"php-fpm refuses the account's pool: {ran.Reason}";
    }
}
