using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>Reads and writes what the agent link carries, by the serialiser that the agent itself is compiled with.</summary>
public static class AgentWire
{
    public static Task WriteAsync(Stream to, AccountsAnswer answer, CancellationToken ct) =>
        JsonSerializer.SerializeAsync(to, answer, AgentJson.Default.AccountsAnswer, ct);

    public static Task WriteAsync(Stream to, HostJoined answer, CancellationToken ct) =>
        JsonSerializer.SerializeAsync(to, answer, AgentJson.Default.HostJoined, ct);

    /// <summary>Null when the body is not a whole report. The serialiser refuses a part that is null, but not an item of a list.</summary>
    public static async Task<HostReport?> ReadReportAsync(Stream from, CancellationToken ct) =>
        await ReadAsync(from, AgentJson.Default.HostReport, ct) is { } said && HasAll(said.Accounts) && HasAll(said.Usage) && HasAll(said.Orphans) && HasAll(said.Plan) && HasAll(said.Runs) && HasAll(said.Traffic)
            && HasAll(said.Homes) && HasAll(said.Drift) && HasAll(said.Facts?.PhpVersions) && said.Accounts.All(a => HasAll(a.Items)) && said.Usage.All(u => HasAll(u.Databases))
            && (said.Drift ?? []).All(d => HasAll(d.Lines)) && HasAll(said.Backup?.Notes) && HasAll(said.Backup?.Kept) && HasAll(said.Backup?.Counted) && HasAll(said.Backup?.Trial?.Sites) && HasAll(said.Backup?.Trial?.Wrong)
            && HasAll(said.Move?.Databases) && HasAll(said.Move?.Certificates) && HasAll(said.Move?.Left) ? said : null;

    /// <summary>Null when the body is not a whole request to join.</summary>
    public static Task<JoinRequest?> ReadJoinAsync(Stream from, CancellationToken ct) => ReadAsync(from, AgentJson.Default.JoinRequest, ct);

    private static bool HasAll<T>(IReadOnlyList<T>? items)
        where T : class => items?.All(i => i is not null) ?? true;

    private static async Task<T?> ReadAsync<T>(Stream from, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(from, type, ct);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    internal static string Write(HostFacts facts) => JsonSerializer.Serialize(facts, AgentJson.Default.HostFacts);

    internal static string Write(IReadOnlyList<string> lines) => JsonSerializer.Serialize(lines, AgentJson.Default.IReadOnlyListString);

    internal static string Write(MoveReport report) => JsonSerializer.Serialize(report, AgentJson.Default.MoveReport);

    internal static string? Write(IReadOnlyList<CountedDatabase>? counted) => counted is null ? null : JsonSerializer.Serialize(counted, AgentJson.Default.IReadOnlyListCountedDatabase);

    internal static IReadOnlyList<CountedDatabase> ReadCounted(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, AgentJson.Default.IReadOnlyListCountedDatabase) ?? [];

    internal static MoveReport? ReadMove(string? json) => json is null ? null : JsonSerializer.Deserialize(json, AgentJson.Default.MoveReport);

    internal static HostFacts? ReadFacts(string? json) => json is null ? null : JsonSerializer.Deserialize(json, AgentJson.Default.HostFacts);

    internal static IReadOnlyList<string> ReadLines(string? json) =>
        json is null ? [] : JsonSerializer.Deserialize(json, AgentJson.Default.IReadOnlyListString) ?? [];
}
