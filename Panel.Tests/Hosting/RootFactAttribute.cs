namespace Panel.Tests.Hosting;

/// <summary>A test that needs root and the real daemons; without root it is skipped and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute() => Skip = Missing!;

    /// <summary>Only the missing right is a reason to skip; a missing program makes the test fail.</summary>
    public static string? Missing { get; } = string.Equals(Environment.UserName, "root", StringComparison.Ordinal) ? null : "needs root";
}
