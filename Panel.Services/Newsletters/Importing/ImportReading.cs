using System.Text;

namespace Panel.Services.Newsletters.Importing;

/// <summary>A file of people and the file of its bad rows, the second cut to what was committed.</summary>
internal sealed class ImportReading : IDisposable
{
    private readonly ImportFile? file;
    private readonly FileStream? people;
    private readonly FileStream? errors;
    private readonly StreamWriter? bad;
    private readonly ImportColumns columns = new(0, -1, new Dictionary<string, int>());

    public ImportReading(ImportFolder folder, Import import, IReadOnlyCollection<string> fields)
    {
        Tally = ImportTally.Of(import);
        people = new FileStream(folder.PeopleOf(import.Id), FileMode.Open, FileAccess.Read, FileShare.Read, 128 * 1024);
        var opened = ImportFile.Open(people, fields);
        if (opened.Refused is { } no)
        {
            Refused = no.Message;
            return;
        }

        file = opened.Value;
        if ((ImportColumns.Read(import.Columns) ?? file!.Columns) is not { } chosen)
        {
            Refused = $"No column is called email. The first line says: {string.Join(" | ", file!.Headings.Take(5))}";
            return;
        }

        columns = chosen;
        errors = new FileStream(folder.ErrorsOf(import.Id), FileMode.OpenOrCreate, FileAccess.Write);
        errors.SetLength(Tally.ErrorBytes);
        errors.Position = Tally.ErrorBytes;
        bad = new StreamWriter(errors, new UTF8Encoding(false)) { NewLine = "\r\n" };
        if (Tally.ErrorBytes == 0)
        {
            bad.WriteLine(string.Join(',', file!.Headings.Select(CsvCell.Of).Append("line").Append("reason")));
        }
    }

    public ImportTally Tally { get; }

    public string? Refused { get; }

    public IEnumerable<ImportRow> Rows() => file!.Rows(columns);

    public void Bad(ImportRow row)
    {
        // As many cells as there are headings, so that the file can be mended and imported again.
        var cells = row.Refused!.StartsWith("not", StringComparison.Ordinal) ? file!.Cells() : [];
        bad!.WriteLine(string.Join(',', Enumerable.Range(0, file!.Headings.Count).Select(i => CsvCell.Of(i < cells.Length ? cells[i] : ""))
            .Append(row.Line.ToString(System.Globalization.CultureInfo.InvariantCulture)).Append(CsvCell.Of(row.Refused))));
    }

    public long FlushErrors()
    {
        bad!.Flush();
        errors!.Flush(flushToDisk: Tally.Refused > 0);
        return errors.Position;
    }

    public void Dispose()
    {
        bad?.Dispose();
        errors?.Dispose();
        file?.Dispose();
        people?.Dispose();
    }
}

/// <summary>A cell of a CSV file that we write (RFC 4180). One that a spreadsheet would run as a formula gets an apostrophe before it (rule V10).</summary>
public static class CsvCell
{
    public static string Of(string value)
    {
        var safe = value.Length > 0 && "=+-@\t\r".Contains(value[0], StringComparison.Ordinal) ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
