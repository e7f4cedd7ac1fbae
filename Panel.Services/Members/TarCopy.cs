using System.Globalization;
using System.Text;

namespace Panel.Services.Members;

/// <summary>Takes the entries of one tar archive (POSIX.1-2001, pax) over into another, below a folder and otherwise byte for byte: names that are no
/// UTF-8, links and holes stay what they are. What could land outside of the folder, and devices, are left out.</summary>
internal sealed class TarCopy(Stream from, Stream to, string folder)
{
    // Of one entry's words: a path that a program can open has at most 4,095 bytes.
    private const int Block = 512, MostWords = 64 << 10;
    private const string Path = "path", Link = "linkpath", Sparse = "GNU.sparse.name";

    // Names are bytes; Latin-1 gives each of them back as it was.
    private static readonly Encoding Bytes = Encoding.Latin1;

    private readonly byte[] header = new byte[Block];
    private Dictionary<string, string> words = new(StringComparer.Ordinal);
    private bool tooLong;

    /// <summary>How many entries were left out.</summary>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var left = 0;
        while (await NextAsync(ct))
        {
            var type = (char)header[156];
            if (type == 'x')
            {
                await ReadWordsAsync(ct);
                continue;
            }

            var size = words.TryGetValue("size", out var said) ? long.Parse(said, NumberStyles.None, CultureInfo.InvariantCulture) : SizeOf(header);
            var taken = type != 'g' && !tooLong && Rename(type);
            if (taken)
            {
                await WriteAsync(ct);
            }

            await PassAsync(size, taken ? to : Stream.Null, ct);
            left += taken || type == 'g' ? 0 : 1;
            (words, tooLong) = (new(StringComparer.Ordinal), false);
        }

        return left;
    }

    /// <summary>False at the end of the archive, which is a block of zeros.</summary>
    private async Task<bool> NextAsync(CancellationToken ct)
    {
        await from.ReadExactlyAsync(header, ct);
        return header.AsSpan().ContainsAnyExcept((byte)0);
    }

    /// <summary>Puts all names of the entry below the folder; false when one leads elsewhere or the entry is no part of a home.</summary>
    private bool Rename(char type)
    {
        words[Path] = words.GetValueOrDefault(Path) ?? (Text(345, 155) is { Length: > 0 } prefix && Text(257, 6) == "ustar" ? $"{prefix}/{Text(0, 100)}" : Text(0, 100));
        if (type == '1')
        {
            words[Link] = words.GetValueOrDefault(Link) ?? Text(157, 100);
        }

        foreach (var key in new[] { Path, Sparse, type == '1' ? Link : Path }.Distinct().Where(words.ContainsKey))
        {
            var name = words[key].TrimStart('/');
            if (name.Length == 0 || name.Split('/').Contains(".."))
            {
                return false;
            }

            words[key] = folder + name;
        }

        return type is '0' or '\0' or '1' or '2' or '5' or '6';
    }

    private async Task WriteAsync(CancellationToken ct)
    {
        var lines = Bytes.GetBytes(string.Concat(words.Select(w => Line($" {w.Key}={w.Value}\n"))));
        var before = new byte[Block];
        Put(before, 0, 100, $"{folder}PaxHeaders");
        Put(before, 100, 24, "0000644\00000000\00000000\0");
        Put(before, 124, 12, Convert.ToString(lines.Length, 8).PadLeft(11, '0'));
        Put(before, 136, 12, "00000000000");
        Put(before, 156, 1, "x");
        Put(before, 257, 8, "ustar\000");
        await to.WriteAsync(Summed(before), ct);
        await to.WriteAsync(lines, ct);
        await to.WriteAsync(new byte[Padding(lines.Length)], ct);
        Put(header, 0, 100, words[Path]);
        Put(header, 157, 100, words.GetValueOrDefault(Link) ?? Text(157, 100));
        Put(header, 345, 155, "");
        await to.WriteAsync(Summed(header), ct);
    }

    /// <summary>"LENGTH KEY=VALUE\n", and the length counts itself.</summary>
    private static string Line(string rest)
    {
        var length = rest.Length;
        while ($"{length}".Length + rest.Length != length)
        {
            length = $"{length}".Length + rest.Length;
        }

        return $"{length}{rest}";
    }

    private async Task ReadWordsAsync(CancellationToken ct)
    {
        var size = SizeOf(header);
        tooLong = size > MostWords;
        using var kept = new MemoryStream();
        await PassAsync(size, tooLong ? Stream.Null : kept, ct);
        words = new(StringComparer.Ordinal);
        for (var text = Bytes.GetString(kept.GetBuffer(), 0, (int)Math.Min(kept.Length, size)); text.Length > 0;)
        {
            var blank = text.IndexOf(' ', StringComparison.Ordinal);
            var length = blank > 0 && int.TryParse(text[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out var counted) && counted > blank && counted <= text.Length ? counted : throw new InvalidDataException("A pax header has no length.");
            var word = text[(blank + 1)..(length - 1)].Split('=', 2);
            words[word[0]] = word.Length == 2 ? word[1] : throw new InvalidDataException("A pax header has no value.");
            text = text[length..];
        }
    }

    private async Task PassAsync(long size, Stream target, CancellationToken ct)
    {
        var buffer = new byte[64 << 10];
        for (var rest = size + Padding(size); rest > 0;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(rest, buffer.Length));
            await from.ReadExactlyAsync(part, ct);
            await target.WriteAsync(part, ct);
            rest -= part.Length;
        }
    }

    private static int Padding(long size) => (int)((Block - (size % Block)) % Block);

    /// <summary>Octal, or since GNU tar binary when the first bit is set.</summary>
    private static long SizeOf(byte[] header) => header[124] >= 0x80 ? header[128..136].Aggregate(0L, (sum, b) => (sum << 8) | b) is var large and >= 0 ? large : throw new InvalidDataException("An entry has no size.")
        : Convert.ToInt64($"0{Bytes.GetString(header, 124, 12).Trim('\0', ' ')}", 8);

    private string Text(int at, int most) => Bytes.GetString(header, at, most).Split('\0')[0];

    private static void Put(byte[] block, int at, int most, string text)
    {
        Array.Clear(block, at, most);
        Bytes.GetBytes(text.Length > most ? text[..most] : text, block.AsSpan(at));
    }

    private static byte[] Summed(byte[] block)
    {
        Put(block, 148, 8, "        ");
        Put(block, 148, 8, $"{Convert.ToString(block.Sum(b => b), 8).PadLeft(6, '0')}\0 ");
        return block;
    }
}
