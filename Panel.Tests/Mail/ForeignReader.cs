using System.Text.Json;

namespace Panel.Tests.Mail;

/// <summary>What somebody else's mail parser (Python's) makes of our bytes.</summary>
internal sealed record ForeignReader(string[][] Headers, string[] Types, string[] Bodies, string[] Defects)
{
    private const string Script = """
        import sys, json, email, email.policy
        m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
        parts = [p for p in m.walk() if not p.is_multipart()]
        json.dump({'Headers': [[k, str(v)] for k, v in m.items()], 'Types': [p.get_content_type() for p in m.walk()],
                   'Bodies': [p.get_content().replace('\r\n', '\n') for p in parts], 'Defects': [repr(d) for p in m.walk() for d in p.defects]}, sys.stdout)
        """;

    public string Text => Bodies[0];

    public string Html => Bodies[1];

    public string[] All(string name) => [.. Headers.Where(h => h[0].Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h[1])];

    public string One(string name) => Assert.Single(All(name));

    public static async Task<ForeignReader> ReadAsync(byte[] message) =>
        JsonSerializer.Deserialize<ForeignReader>(await Samples.RunAsync("/usr/bin/python3", message, "-c", Script))!;
}
