using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Panel.Services.Data;

/// <summary>What a copied database says of itself, read before anything of the house is touched.</summary>
internal sealed record CopyDatabase(IReadOnlySet<string> Steps, string? KeyFingerprint)
{
    private const int LongestLine = 4_096;

    /// <summary>Null when this program can go on with it and it was made with this key, else why not.</summary>
    public string? Wrong(bool postgres, byte[] master)
    {
        var newer = Steps.Except(SchemaSteps.For(postgres).Select(s => s.Name)).Order(StringComparer.Ordinal).FirstOrDefault();
        return Steps.Count == 0 ? "The copy is damaged: it is no database of Panel."
            : newer is not null ? $"The copy was made by a newer Panel: this one does not know its step {newer[..Math.Min(newer.Length, 60)]}. Bring it back with that version."
            : KeyFingerprint != HouseKeys.FingerprintOf(master) ? "The copy is not whole: its keys/master is not the key its database was made with."
            : null;
    }

    /// <summary>Null when its length is what its own head says (sqlite.org/fileformat2.html section 1.3), else why it is not taken.</summary>
    public static string? Torn(Stream file, long room)
    {
        var head = new byte[100];
        if (file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !head.AsSpan().StartsWith("SQLite format 3\0"u8))
        {
            return $"The copy is damaged: {HouseCopies.SqliteName} is no SQLite file.";
        }

        file.Position = 0;
        // A page of 65,536 bytes is written as 1.
        var page = BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(16));
        var expected = (page == 1 ? 65_536L : page) * BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(28));
        return file.Length != expected ? $"The copy is damaged: {HouseCopies.SqliteName} has {file.Length} bytes, its own head says {expected}."
            : file.Length > room ? $"The copy needs {file.Length} bytes and the disk has {room} free."
            : null;
    }

    public static async Task<CopyDatabase> ReadAsync(SqliteConnection connection, CancellationToken ct)
    {
        async Task<List<string>> ColumnAsync(string sql)
        {
            await using var ask = connection.CreateCommand();
#pragma warning disable CA2100 // Two constant statements.
            ask.CommandText = sql;
#pragma warning restore CA2100
            await using var rows = await ask.ExecuteReaderAsync(ct);
            var all = new List<string>();
            while (await rows.ReadAsync(ct))
            {
                all.Add(rows.IsDBNull(0) ? "" : rows.GetString(0));
            }

            return all;
        }

        var keys = await ColumnAsync($"SELECT value FROM house_settings WHERE name = '{HouseSetting.KeyFingerprint}'");
        return new CopyDatabase((await ColumnAsync("SELECT name FROM schema_steps")).ToHashSet(StringComparer.Ordinal), keys.FirstOrDefault());
    }

    /// <summary>The same out of a dump of PostgreSQL, whose rows stand between COPY and a line of <c>\.</c></summary>
    public static CopyDatabase ReadDump(Stream dump)
    {
        var (steps, fingerprint, table) = (new HashSet<string>(StringComparer.Ordinal), (string?)null, "");
        foreach (var line in Lines(dump))
        {
            var cells = line.Split('\t');
            table = line.StartsWith("COPY public.schema_steps (name,", StringComparison.Ordinal) ? "steps" : line.StartsWith("COPY public.house_settings (name,", StringComparison.Ordinal) ? "settings" : line == "\\." ? "" : table;
            if (table == "steps" && cells.Length == 2)
            {
                steps.Add(cells[0]);
            }
            else if (table == "settings" && cells is [HouseSetting.KeyFingerprint, var value])
            {
                fingerprint = value;
            }
        }

        dump.Position = 0;
        return new CopyDatabase(steps, fingerprint);
    }

    // Rows of pictures are megabytes long; their beginning is enough.
    private static IEnumerable<string> Lines(Stream dump)
    {
        var (buffer, line) = (new byte[64 * 1024], new List<byte>());
        for (int read; (read = dump.Read(buffer)) > 0;)
        {
            for (var rest = buffer.AsMemory(0, read); !rest.IsEmpty;)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                var part = end < 0 ? rest : rest[..end];
                line.AddRange(part.Span[..Math.Min(part.Length, LongestLine - line.Count)]);
                rest = end < 0 ? default : rest[(end + 1)..];
                if (end >= 0)
                {
                    yield return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(line));
                    line.Clear();
                }
            }
        }
    }

}
