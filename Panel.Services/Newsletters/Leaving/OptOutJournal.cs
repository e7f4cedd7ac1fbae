using System.Globalization;
using System.Text;
using Panel.Services.Mail.Pickup;

namespace Panel.Services.Newsletters.Leaving;

/// <summary>Leaves that the database could not take: append-only files of "time token" lines, one line per token, synced before
/// anybody is told. Every process writes a file of its own; all of them are read, and a file goes when its lines are in the
/// database and its writer is done with it or dead.</summary>
internal sealed class OptOutJournal(string folder, int most = OptOutJournal.Most) : IDisposable
{
    /// <summary>Lines one process keeps, about 20 MB: at 500 leaves a second almost seven minutes without a database.</summary>
    public const int Most = 200_000;

    private const string Pattern = "*.optouts";

    /// <summary>A folder that changed so lately may change again without a new time stamp (kernel ticks are up to 10 ms).</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly HashSet<string> kept = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> applied = new(StringComparer.Ordinal);
    private FileStream? own;
    private DateTime settledAt;

    /// <summary>Writes the rows that are not there yet and syncs them; false when there is no room.</summary>
    /// <exception cref="IOException">The journal cannot be written.</exception>
    public bool Append(IReadOnlyList<OptOut> rows)
    {
        lock (gate)
        {
            var lines = new StringBuilder();
            var fresh = rows.Select(r => r.Token).Where(t => !kept.Contains(t)).ToHashSet(StringComparer.Ordinal);
            if (kept.Count + fresh.Count > most)
            {
                return false;
            }

            foreach (var row in rows.DistinctBy(r => r.Token).Where(r => fresh.Contains(r.Token)))
            {
                lines.Append(row.At.ToString("O", CultureInfo.InvariantCulture)).Append(' ').Append(row.Token).Append('\n');
            }

            if (lines.Length > 0)
            {
                Write(Encoding.ASCII.GetBytes(lines.ToString()));
                kept.UnionWith(fresh);
            }

            return true;
        }
    }

    /// <summary>True when nothing waits, here or in a file of another process; quick, asked before every commit of the sender.</summary>
    /// <exception cref="IOException">The journal cannot be read, so nobody knows.</exception>
    public bool IsSettled()
    {
        lock (gate)
        {
            var changed = Changed();
            return kept.Count == 0 && (changed == settledAt && DateTime.UtcNow - changed > Fresh ? applied.Count == 0 : !Files().Any()) && Remember(changed);
        }
    }

    /// <summary>Every whole line that is not in the database yet, with what has to be said to <see cref="Drop"/> afterwards.</summary>
    public (IReadOnlyList<(DateTime At, string Token)> Rows, IReadOnlyDictionary<string, long> Read) Read()
    {
        lock (gate)
        {
            var (rows, read) = (new List<(DateTime, string)>(), new Dictionary<string, long>(StringComparer.Ordinal));
            foreach (var file in Files())
            {
                read[file] = Read(file, applied.GetValueOrDefault(file), rows);
            }

            return (rows, read);
        }
    }

    /// <summary>What was read is in the database now. Files of dead writers go, and our own unless it grew meanwhile.</summary>
    public void Drop(IReadOnlyDictionary<string, long> read)
    {
        lock (gate)
        {
            foreach (var (file, end) in read)
            {
                if (file == own?.Name)
                {
                    DropOwn(end);
                }
                else if (!TryDelete(file))
                {
                    applied[file] = end;
                }
                else
                {
                    applied.Remove(file);
                }
            }
        }
    }

    public void Dispose() => own?.Dispose();

    private DateTime Changed()
    {
        Directory.CreateDirectory(folder);
        return Directory.GetLastWriteTimeUtc(folder);
    }

    private bool Remember(DateTime changed)
    {
        settledAt = changed;
        return true;
    }

    // A file of a living writer stays after its lines were brought over; it counts again when it has grown.
    private IEnumerable<string> Files() =>
        Directory.EnumerateFileSystemEntries(folder, Pattern).Where(f => !applied.TryGetValue(f, out var end) || new FileInfo(f).Length > end);

    private void Write(byte[] lines)
    {
        if (own is null)
        {
            Directory.CreateDirectory(folder);
            var name = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}.optouts";
            own = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
            FolderSync.Flush(folder);
        }

        own.Write(lines);
        own.Flush(flushToDisk: true);
    }

    private void DropOwn(long end)
    {
        if (own!.Length != end)
        {
            applied[own.Name] = end;
            return;
        }

        File.Delete(own.Name);
        own.Dispose();
        applied.Remove(own.Name);
        own = null;
        kept.Clear();
    }

    // Whoever lives holds a lock on its file (FileShare.Read), which an open without sharing does not get.
    private static bool TryDelete(string file)
    {
        try
        {
            using var alone = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            File.Delete(file);
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static long Read(string file, long from, List<(DateTime At, string Token)> into)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Position = from;
            using var lines = new StreamReader(stream, Encoding.ASCII);
            var text = lines.ReadToEnd();
            var whole = text.LastIndexOf('\n') + 1;
            foreach (var line in text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Split(' ') is [var at, var token] && DateTime.TryParse(at, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var when))
                {
                    into.Add((when.ToUniversalTime(), token));
                }
            }

            // A torn last line was never answered; its writer is dead when nothing follows, so it counts as read.
            return from + text.Length;
        }
        catch (FileNotFoundException)
        {
            return from; // Its writer brought it over meanwhile.
        }
    }
}
