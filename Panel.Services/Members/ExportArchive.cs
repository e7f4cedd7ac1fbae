using System.Formats.Tar;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Panel.Services.Members;

/// <summary>Writes what a capability knows of a member into their export.</summary>
public interface IExportPart
{
    Task WriteAsync(Actor by, Member member, ExportArchive to, CancellationToken ct);
}

/// <summary>An export while it is being written: one tar archive of files in open formats, <paramref name="under"/> which lies the stream of its bytes.</summary>
public sealed class ExportArchive(TarWriter tar, Stream under, DateTimeOffset at)
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly List<string> notes = [];

    /// <summary>What is not in the archive and why; stands in its README.</summary>
    public IReadOnlyList<string> Notes => notes;

    public void Note(string sentence) => notes.Add(sentence);

    public Task AddAsync(string name, object? value, CancellationToken ct) => AddAsync(name, JsonSerializer.SerializeToUtf8Bytes(value, Readable), ct);

    public Task AddAsync(string name, byte[] content, CancellationToken ct) =>
        tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content), ModificationTime = at }, ct);

    /// <summary>Takes over the entries of another archive below <paramref name="folder"/>, as they are; nothing is unpacked.</summary>
    public async Task CopyAsync(string folder, Stream other, CancellationToken ct)
    {
        // The writer has nothing under way between two entries.
        if (await new TarCopy(other, under, folder).RunAsync(ct) is var left and > 0)
        {
            Note($"{left} entries of {folder} were left out: devices, or names that lead elsewhere or are too long to be opened.");
        }
    }
}
