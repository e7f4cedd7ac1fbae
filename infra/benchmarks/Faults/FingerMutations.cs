using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Panel.Services.Finger;
using Panel.Services.Finger.Following;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Bench.Faults;

/// <summary>How many inputs were tried, and the first that broke a promise, with its bytes in base64.</summary>
internal sealed record MutationRun(long Tried, string? Finding);

/// <summary>Byte-mutation fuzzing of everything that reads finger from outside: the query line, the plan reader, the renderer. None may
/// throw, let a control character through, break a line end, or take long.</summary>
internal static class FingerMutations
{
    private const int LongestInput = 256 * 1024;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            "/W ann\r\n", "ann@here.example@there.example\r\n", "\u00FF\u00FD\u0001 ann \0\r\n",
            "[h]\r\nLogin: bob  Name: Bob\r\nPlan:\r\n{\"address\":\"bob@h.example\",\"name\":\"Bob\",\"bio\":\"b\",\"messages\":[{\"text\":\"@ann hi #tag https://x.example/\",\"time\":20101105124412},{\"text\":\"\\u00fc \\ud83d\\udc19 \\\\! \\'\",\"time\":\"20110729165056-0400\"}],\"following\":[{\"nick\":\"rw\",\"address\":\"a@b.example\"}],\"replies\":{\"a@b.example\":[{\"text\":\"r\",\"time\":\"20101129060335\"}]},\"properties\":{\"website\":\"http://x\",\"timeline\":\"no\"}}\r\n",
            "Plan:\nwords {braces}\n{\n \"messages\" : [\n { \"text\": \"cut he\\\nre\", \"time\": \"20260101000000\" },\n ]\n}\nbye\n",
            "No Plan.\n", "Plan:\nTimeline: no\n", "{\"messages\":[[[[{{{{\"\\",
        }.Select(Encoding.Latin1.GetBytes),
        Encoding.UTF8.GetBytes("Login: ann\r\nName: Zoë 東京 🐙\r\nPlan:\r\nZürich\u0085\u009B31m\r\n"),
    ];

    private static readonly byte[][] Spice =
    [
        [0], [7], [9], [10], [13], [13, 10], [27], [(byte)'\\'], [(byte)'\\', 10], [(byte)'"'], [(byte)'{'], [(byte)'}'], [(byte)'['], [(byte)']'], [127], [128], [0x9B],
        [0xC2, 0x9B], [0xED, 0xA0, 0x80], [0xF0, 0x9F], [240], [250], [251], [255], .. new[] { "\\u", "\\ud83d", "\\x41", "Plan:", "messages", "99991231235959", "-2359", "@", "//", "/*", "1e9", "null" }.Select(Encoding.ASCII.GetBytes),
    ];

    /// <summary>Goes on for <paramref name="howLong"/>, and in any case until <paramref name="least"/> inputs were tried.</summary>
    public static MutationRun Run(TimeSpan howLong, int seed, long least = 0)
    {
        var random = new Random(seed);
        var (clock, tried) = (Stopwatch.StartNew(), 0L);
        for (; clock.Elapsed < howLong || tried < least; tried++)
        {
            var input = Mutate(random);
            var started = Stopwatch.GetTimestamp();
            string? wrong;
            try
            {
                wrong = Wrong(input);
            }
#pragma warning disable CA1031 // Whatever is thrown is the finding.
            catch (Exception thrown)
#pragma warning restore CA1031
            {
                wrong = $"threw {thrown}";
            }

            wrong ??= Stopwatch.GetElapsedTime(started) > Slow ? $"took {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s" : null;
            if (wrong is not null)
            {
                return new MutationRun(tried, string.Create(CultureInfo.InvariantCulture, $"seed {seed}, input {tried}: {wrong}\n{Convert.ToBase64String(input)}"));
            }
        }

        return new MutationRun(tried, null);
    }

    private static byte[] Mutate(Random random)
    {
        var bytes = new List<byte>(Seeds[random.Next(Seeds.Length)]);
        for (var n = random.Next(1, 12); n > 0; n--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(7))
            {
                case 0 when bytes.Count > 0: bytes[at % bytes.Count] ^= (byte)(1 << random.Next(8)); break;
                case 1 when bytes.Count > 0: bytes[at % bytes.Count] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 40))); break;
                case 3: bytes.InsertRange(at, Spice[random.Next(Spice.Length)]); break;
                case 4: bytes.InsertRange(at, Seeds[random.Next(Seeds.Length)]); break;
                case 5 when random.Next(50) == 0: bytes.InsertRange(at, Enumerable.Repeat(Spice[random.Next(Spice.Length)], random.Next(20_000)).SelectMany(b => b)); break;
                default: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(200)))); break;
            }
        }

        return [.. bytes.Take(LongestInput)];
    }

    private static string? Wrong(byte[] input)
    {
        var query = FingerQuery.Parse(input.AsSpan(0, Math.Min(input.Length, 512)));
        if (query.Name.Contains('@', StringComparison.Ordinal) || query.Name.Contains('\n', StringComparison.Ordinal))
        {
            return "the query's name has what ends a name";
        }

        var plan = ThimblReader.Read(input);
        var one = plan.Messages.Select(m => m.Text).Concat(plan.Following.SelectMany(f => new[] { f.Nick, f.Address })).Append(plan.Name).Append(plan.Bio);
        if (one.FirstOrDefault(t => t.Any(char.IsControl) || FingerText.Faults(t, lines: false).Any()) is { } bad)
        {
            return $"a control character came through: {Convert.ToHexString(Encoding.UTF8.GetBytes(bad))}";
        }

        if (plan.Messages.Count > ThimblReader.MostMessages || plan.Messages.Zip(plan.Messages.Skip(1)).Any(p => p.First.At < p.Second.At) || plan.Messages.Any(m => m.At.Kind != DateTimeKind.Utc))
        {
            return "the messages are too many, out of order or not in UTC";
        }

        _ = plan.Messages.Select(m => PostWords.Of(m.Text, n => n).Count).Sum();
        return Rendered(input, plan);
    }

    private static string? Rendered(byte[] input, ThimblPlan plan)
    {
        var text = Encoding.UTF8.GetString(input);
        var card = new FingerCard("ann", text) { Plan = text, Project = text, WebPage = text, Posts = [.. plan.Messages.Take(5).Select((m, i) => new PostLine(i, m.Text, m.At)), new PostLine(9, text, DateTime.UnixEpoch)] };
        var raw = new ArrayBufferWriter<byte>();
        FingerText.Write(raw, input);
        return Harmless(new FingerReply("h.example", "https://h.example").Render(card, wide: true)) && Harmless([.. raw.WrittenSpan, .. "\r\n"u8]) ? null : "an answer is not whole lines of printable UTF-8";
    }

    private static bool Harmless(ReadOnlySpan<byte> answer)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer);
        return text.EndsWith("\r\n", StringComparison.Ordinal) && text.Replace("\r\n", "", StringComparison.Ordinal).All(c => c == '\t' || !char.IsControl(c));
    }
}
