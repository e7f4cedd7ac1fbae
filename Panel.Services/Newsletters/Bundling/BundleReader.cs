using System.IO.Compression;
using System.Text.Json;
using CsvHelper;
using Panel.Services.Mail;

namespace Panel.Services.Newsletters.Bundling;

/// <summary>Reads a bundle that anybody may have made: only known names, each once, each within its size, whatever the archive
/// says about itself. Nothing is ever unpacked to a place that the archive names.</summary>
internal sealed class BundleReader : IDisposable
{
    private const int MostFiles = 10_000;

    /// <summary>Of all files together, as really read; a million people have about 150 MB.</summary>
    private const long MostBytes = 1024L * 1024 * 1024;

    private readonly ZipArchive zip;
    private long left = MostBytes;

    private BundleReader(ZipArchive zip) => this.zip = zip;

    public BundleHead Head { get; private set; } = null!;

    public IReadOnlyList<BundleIssue> Issues { get; private set; } = [];

    /// <summary>Opens the archive and reads its head and issues, or says what is wrong with it.</summary>
    public static async Task<Outcome<BundleReader>> OpenAsync(Stream stream, CancellationToken ct)
    {
        BundleReader? reader = null;
        try
        {
            reader = new BundleReader(new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true));
            if (reader.CheckNames() is { } no)
            {
                reader.Dispose();
                return no;
            }

            reader.Head = await reader.JsonAsync<BundleHead>(BundleFormat.Head, ct);
            reader.Issues = await reader.JsonAsync<List<BundleIssue>>(BundleFormat.Issues, ct);
            return reader;
        }
        catch (Exception broken) when (IsBroken(broken))
        {
            reader?.Dispose();
            return Words(broken);
        }
    }

    /// <summary>What a broken or hostile archive throws while it is read.</summary>
    public static bool IsBroken(Exception broken) => broken is BundleFault or InvalidDataException or JsonException or CsvFormatException or NotSupportedException or EndOfStreamException;

    public static Refusal Words(Exception broken) => new(broken switch
    {
        BundleFault fault => fault.Message,
        JsonException json => $"A file of the archive is not the JSON it should be{(json.Path is { } path ? $" (at {MailWords.Clean(path)})" : "")}.",
        CsvFormatException => "A CSV file of the archive has a row of more than 64 KB, perhaps because a quotation mark is not closed.",
        _ => "This is not a whole zip archive. Export the list again.",
    }, "file");

    public IEnumerable<(string Name, string Type)> Images => zip.Entries.Where(e => e.FullName.StartsWith("images/", StringComparison.Ordinal) && e.Name.Length > 0)
        .Select(e => (e.FullName, e.Name[(e.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]));

    /// <summary>The rows of a CSV, cell by cell in the order of <paramref name="columns"/>, with their line.</summary>
    /// <exception cref="BundleFault">It has other columns, or is larger than anything we would write.</exception>
    public async IAsyncEnumerable<(long Line, string[] Cells)> RowsAsync(string name, string[] columns, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var file = await SpooledAsync(name, MostBytes, ct);
        using var csv = CsvReader.Create(file, new CsvReaderOptions { HasHeader = false, Encoding = System.Text.Encoding.UTF8, TrackLineNumbers = true, IncludeValuesInExceptions = false, MaxRecordSize = 64 * 1024 });
        if (!csv.Read() || !csv.Current.ToArray().SequenceEqual(columns))
        {
            throw new BundleFault($"{name} begins with other columns than {string.Join(',', columns)}.");
        }

        while (csv.Read())
        {
            var cells = csv.Current.ToArray();
            yield return cells.Length == columns.Length
                ? (csv.LineNumber, [.. cells.Select(BundleFormat.Plain)])
                : throw new BundleFault($"{name}, line {csv.LineNumber}: {cells.Length} cells instead of {columns.Length}.");
        }
    }

    /// <summary>The content of one file of at most <paramref name="most"/> bytes.</summary>
    public async Task<byte[]> BytesAsync(string name, int most, CancellationToken ct)
    {
        using var memory = new MemoryStream();
        await CopyAsync(name, memory, most, ct);
        return memory.ToArray();
    }

    public void Dispose() => zip.Dispose();

    private Refusal? CheckNames()
    {
        if (zip.Entries.Count > MostFiles)
        {
            return new Refusal($"The archive has {zip.Entries.Count:N0} files; a list has at most {MostFiles:N0}.", "file");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in zip.Entries)
        {
            if (!BundleFormat.Name().IsMatch(entry.FullName))
            {
                return new Refusal($"The archive holds \"{MailWords.Clean(entry.FullName)}\", which no list has. Nothing was taken from it.", "file");
            }

            if (!seen.Add(entry.FullName))
            {
                return new Refusal($"The archive holds {entry.FullName} twice. Nothing was taken from it.", "file");
            }
        }

        var missing = new[] { BundleFormat.Head, BundleFormat.Issues, BundleFormat.People, BundleFormat.Consents, BundleFormat.Suppressions }.Where(n => !seen.Contains(n)).ToList();
        return missing.Count == 0 ? null : new Refusal($"The archive lacks {string.Join(", ", missing)}. A list is exported with panel list export.", "file");
    }

    private async Task<T> JsonAsync<T>(string name, CancellationToken ct) =>
        JsonSerializer.Deserialize<T>(await BytesAsync(name, 64 * 1024 * 1024, ct), BundleFormat.Json) ?? throw new BundleFault($"{name} is empty.");

    private async Task<FileStream> SpooledAsync(string name, long most, CancellationToken ct)
    {
        var file = new FileStream(Path.GetTempFileName(), new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose });
        try
        {
            await CopyAsync(name, file, most, ct);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    // The sizes in a zip are claims: what counts is what comes out.
    private async Task CopyAsync(string name, Stream to, long most, CancellationToken ct)
    {
        await using var content = await zip.GetEntry(name)!.OpenAsync(ct);
        var buffer = new byte[81_920];
        var copied = 0L;
        int read;
        while ((read = await content.ReadAsync(buffer, ct)) > 0)
        {
            (copied, left) = (copied + read, left - read);
            if (copied > most || left < 0)
            {
                throw new BundleFault($"{name} unpacks to more than {(copied > most ? most : MostBytes) / 1024 / 1024:N0} MB, so nothing was taken from the archive.");
            }

            await to.WriteAsync(buffer.AsMemory(0, read), ct);
        }
    }
}

/// <summary>What is wrong with a bundle, in words for whoever brought it.</summary>
internal sealed class BundleFault(string words) : Exception(words);
