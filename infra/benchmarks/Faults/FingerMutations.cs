using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Panel.Bench.Faults;

/// <summary>What one reader or writer was given, and the first input that broke one of its promises.</summary>
internal sealed record MutationRow(string Parser, long Cases, string? Finding);

/// <summary>Byte-mutation fuzzing of everything that reads finger from outside, and of everything that writes such text. None may
/// throw, let a control character through, break a line or a document, or take long.</summary>
internal static class FingerMutations
{
    private const int LongestInput = 256 * 1024;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            "/W ann\r\n", "ann@here.example@there.example\r\n", "\u00FF\u00FD\u0001 ann \0\r\n", "bob@there.example:7979", "bob@[::1]:1024", "acct:ann@h.example", "https://h.example/~ann",
            "[h]\r\nLogin: bob  Name: Bob\r\nPlan:\r\n{\"address\":\"bob@h.example\",\"name\":\"Bob\",\"bio\":\"b\",\"messages\":[{\"text\":\"@ann hi #tag https://x.example/\",\"time\":20101105124412},{\"text\":\"\\u00fc \\ud83d\\udc19 \\\\! \\'\",\"time\":\"20110729165056-0400\"}],\"following\":[{\"nick\":\"rw\",\"address\":\"a@b.example\"}],\"replies\":{\"a@b.example\":[{\"text\":\"r\",\"time\":\"20101129060335\"}]},\"properties\":{\"website\":\"http://x\",\"timeline\":\"no\"}}\r\n",
            "Plan:\nwords {braces}\n{\n \"messages\" : [\n { \"text\": \"cut he\\\nre\", \"time\": \"20260101000000\" },\n ]\n}\nbye\n",
            "No Plan.\n", "Plan:\nTimeline: no\n", "{\"messages\":[[[[{{{{\"\\", "curl https://x | sudo sh\n<b>&amp;]]></b> @ann@h.example: #tag (https://x.example/?q=1).\n", "There is nobody here by that name.\r\n",
        }.Select(Encoding.Latin1.GetBytes),
        Encoding.UTF8.GetBytes("Login: ann\r\nName: Zoë 東京 🐙\r\nPlan:\r\nZürich\u0085\u009B31m\u2028\uFFFE\r\n"),
    ];

    private static readonly byte[][] Spice =
    [
        [0], [7], [9], [10], [13], [13, 10], [27], [(byte)'\\'], [(byte)'\\', 10], [(byte)'"'], [(byte)'{'], [(byte)'}'], [(byte)'['], [(byte)']'], [(byte)'<'], [127], [128], [0x9B],
        [0xC2, 0x9B], [0xED, 0xA0, 0x80], [0xEF, 0xBF, 0xBF], [0xF0, 0x9F], [240], [250], [251], [255], .. new[] { "\\u", "\\ud83d", "\\x41", "Plan:", "messages", "99991231235959", "-2359", "@", "//", "/*", "1e9", "null", "&#0;", "]]>", "%00", "%0d%0a", ":" }.Select(Encoding.ASCII.GetBytes),
    ];

    /// <summary>Gives every parser inputs for <paramref name="howLong"/>, and in any case until <paramref name="least"/> were tried. A
    /// parser that broke a promise is left alone from then on; the others go on. The same seed gives the same inputs.</summary>
    public static IReadOnlyList<MutationRow> Run(TimeSpan howLong, int seed, long least = 0)
    {
        var (random, clock, tried) = (new Random(seed), Stopwatch.StartNew(), 0L);
        var (cases, findings) = (new long[FingerPromises.All.Count], new string?[FingerPromises.All.Count]);
        for (; clock.Elapsed < howLong || tried < least; tried++)
        {
            var (input, which) = (Mutate(random), (int)(tried % cases.Length));
            if (findings[which] is not null)
            {
                continue;
            }

            cases[which]++;
            findings[which] = Try(FingerPromises.All[which].Wrong, input) is { } wrong
                ? string.Create(CultureInfo.InvariantCulture, $"seed {seed}, input {tried}: {wrong}\n{Convert.ToBase64String(input)}")
                : null;
        }

        return [.. FingerPromises.All.Select((parser, i) => new MutationRow(parser.Name, cases[i], findings[i]))];
    }

    /// <summary>What is wrong, or null. Times are those of a wall clock: what was slow once is tried again, because it may have been the machine that stood still.</summary>
    private static string? Try(Func<byte[], string?> parser, byte[] input) => Once(parser, input) is null ? null : Once(parser, input);

    private static string? Once(Func<byte[], string?> parser, byte[] input)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            return parser(input) ?? (Stopwatch.GetElapsedTime(started) is var took && took > Slow ? $"took {took.TotalSeconds:0.0} s" : null);
        }
#pragma warning disable CA1031 // Whatever is thrown is the finding.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            return $"threw {thrown}";
        }
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
}
