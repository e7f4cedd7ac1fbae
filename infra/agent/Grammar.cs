using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>What the agent accepts as a name. Everything Panel says is checked here again, because what passes becomes a
/// path, a line of passwd or a line of authorized_keys written by root.</summary>
internal static partial class Grammar
{
    private static readonly HashSet<string> KeyTypes = new(StringComparer.Ordinal)
    {
        "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    };

    /// <summary>At most 31 characters: the longest login name of Linux is 32 with its final NUL.</summary>
    public static bool IsHandle(string text) =>
        text.Length is >= 2 and <= 31 && HandleShape().IsMatch(text) && !text.StartsWith("xn--", StringComparison.Ordinal);

    public static bool IsSiteName(string text) => text.Length <= 61 && NameShape().IsMatch(text);

    /// <summary>Strict LDH labels in lower case, at most 253 characters in all (RFC 1035 §2.3.4), without the final dot.
    /// All digits in the last label would be an address.</summary>
    public static bool IsDomain(string text) =>
        text.Length is >= 1 and <= 253 && DomainShape().IsMatch(text) && !text[(text.LastIndexOf('.') + 1)..].All(char.IsAsciiDigit);

    /// <summary>A name or, as <c>*.NAME</c>, all names below one.</summary>
    public static bool IsServed(string text) => IsDomain(text.StartsWith("*.", StringComparison.Ordinal) ? text[2..] : text);

    /// <summary>At most 63 characters with the handle, which is what PostgreSQL keeps of a name; the verifier is SCRAM
    /// (RFC 5803 with PostgreSQL's prefix) or the double SHA-1 of mysql_native_password.</summary>
    public static bool IsDatabase(DatabaseState database) =>
        IsSiteName(database.Name) && database.Name.Length <= 31 && (database.Engine == DatabaseEngine.Mariadb ? NativeVerifier() : ScramVerifier()).IsMatch(database.Verifier);

    public static bool IsTask(TaskState task) => IsSiteName(task.Name) && TaskSchedule.Parse(task.Schedule) is not null && task.LimitSeconds is > 0 and <= 86400
        && task.Arguments is { Count: > 0 and <= 100 } && task.Arguments.Sum(a => a.Length) <= 8000 && task.Arguments.All(a => !a.Contains('\0', StringComparison.Ordinal)) && task.Arguments[0].Length > 0;

    /// <summary>Type and base64 body and nothing else; the body must name the same type (RFC 4253 §6.6).</summary>
    public static bool IsPublicKey(string text)
    {
        var parts = text.Split(' ');
        if (parts.Length != 2 || !KeyTypes.Contains(parts[0]) || parts[1].Length > 8192 || parts[1].Any(char.IsWhiteSpace))
        {
            return false;
        }

        var body = new byte[parts[1].Length];
        if (!Convert.TryFromBase64String(parts[1], body, out var length) || length < 4)
        {
            return false;
        }

        var name = BinaryPrimitives.ReadInt32BigEndian(body);
        return name > 0 && name <= length - 4 && Encoding.ASCII.GetString(body, 4, name) == parts[0];
    }

    [GeneratedRegex(@"^\*[0-9A-F]{40}\z")]
    private static partial Regex NativeVerifier();

    [GeneratedRegex(@"^SCRAM-SHA-256\$[0-9]{4,6}:[A-Za-z0-9+/=]{8,64}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}\z")]
    private static partial Regex ScramVerifier();

    [GeneratedRegex(@"^[a-z](?:-?[a-z0-9]){1,30}\z")]
    private static partial Regex HandleShape();

    [GeneratedRegex(@"^[a-z0-9](?:-?[a-z0-9]){0,30}\z")]
    private static partial Regex NameShape();

    [GeneratedRegex(@"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\z")]
    private static partial Regex DomainShape();
}
