using System.Text;
using CsvHelper;

namespace Panel.Services.Newsletters.Importing;

/// <summary>A row of the file: a person, or why it is none.</summary>
internal readonly record struct ImportRow(long Line, EmailAddress? Address, string Name, string Fields, string? Refused);

/// <summary>What was found out about a file before anything was read from it.</summary>
/// <param name="Headings">The first line where it names its columns, else their numbers.</param>
public sealed record ImportLook(string Encoding, string Separator, bool HasHeadings, IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Sample, ImportColumns? Columns);

/// <summary>Reads people from CSV, row by row: comma, semicolon or tab; UTF-8 (with or without BOM), UTF-16 with BOM, else
/// Windows-1252. Rows may be short or long; a row over 64 KB ends the reading, because behind an unclosed quotation mark nothing
/// can be trusted to be a row of its own.</summary>
internal sealed class ImportFile : IDisposable
{
    private const int MostRecordBytes = 64 * 1024;
    private const int LongestField = 100;
    private static readonly string[] EmailNames = ["email", "e-mail", "mail", "email address", "e-mail address", "address", "adresse", "courriel", "posta"];
    private static readonly string[] GivenNames = ["name", "full name", "first name", "vorname", "nom", "nome"];
    private readonly CsvReader csv;
    private readonly string[] first;
    private readonly bool hasHeadings;

    private ImportFile(CsvReader csv, string[] first, string encoding, IReadOnlyCollection<string> fields)
    {
        (this.csv, this.first, Encoding) = (csv, first, encoding);
        var email = Array.FindIndex(first, f => EmailNames.Contains(f.ToLowerInvariant()));
        hasHeadings = email >= 0 || !Array.Exists(first, f => EmailAddress.Parse(f) is not null);
        var name = Array.FindIndex(first, f => GivenNames.Contains(f.ToLowerInvariant()));
        Columns = email >= 0
            ? new ImportColumns(email, name, fields.Select(f => (Name: f, At: Array.FindIndex(first, h => h.Equals(f, StringComparison.OrdinalIgnoreCase)))).Where(f => f.At >= 0).ToDictionary(f => f.Name, f => f.At))
            : hasHeadings ? null : new ImportColumns(Array.FindIndex(first, f => EmailAddress.Parse(f) is not null), first.Length > 1 && EmailAddress.Parse(first[0]) is not null ? 1 : -1, new Dictionary<string, int>());
    }

    public string Encoding { get; }

    /// <summary>What the headings say, or null where they do not say which column is the address.</summary>
    public ImportColumns? Columns { get; }

    public IReadOnlyList<string> Headings => hasHeadings ? first : [.. first.Select((_, i) => $"column {i + 1}")];

    /// <summary>Opens the file, or says why it cannot be read.</summary>
    public static Outcome<ImportFile> Open(Stream stream, IReadOnlyCollection<string> fields)
    {
        var (encoding, name) = ImportEncoding.Find(stream);
        var csv = CsvReader.Create(stream, new CsvReaderOptions
        {
            HasHeader = false,
            Encoding = encoding,
            TrimWhitespace = true,
            TrackLineNumbers = true,
            IncludeValuesInExceptions = false,
            MaxRecordSize = MostRecordBytes,
        });
        try
        {
            return csv.Read() ? new ImportFile(csv, csv.Current.ToArray(), name, fields) : new Refusal("The file is empty. It needs one address per line.", "file");
        }
        catch (CsvFormatException)
        {
            csv.Dispose();
            return new Refusal($"The first line has more than {MostRecordBytes / 1024} KB, so this is hardly a CSV file.", "file");
        }
    }

    /// <summary>The first rows as they stand in the file, for choosing columns.</summary>
    public ImportLook Look(string separator)
    {
        var sample = new List<IReadOnlyList<string>>();
        if (!hasHeadings)
        {
            sample.Add(first);
        }

        while (sample.Count < 4 && TryRead(out _))
        {
            sample.Add([.. csv.Current.ToArray().Select(c => c.Length > 60 ? c[..60] : c)]);
        }

        return new ImportLook(Encoding, separator, hasHeadings, Headings, sample, Columns);
    }

    public IEnumerable<ImportRow> Rows(ImportColumns columns)
    {
        string? broken = null;
        var fields = columns.Fields.OrderBy(f => f.Key, StringComparer.Ordinal).ToArray();
        var more = !hasHeadings || TryRead(out broken);
        while (more)
        {
            yield return Row(columns, fields);
            more = TryRead(out broken);
        }

        if (broken is not null)
        {
            yield return new ImportRow(csv.LineNumber, null, "", "", broken);
        }
    }

    /// <summary>The cells of the row read last, for the file of bad rows.</summary>
    public string[] Cells() => csv.Current.ToArray();

    public void Dispose() => csv.Dispose();

    private ImportRow Row(ImportColumns columns, KeyValuePair<string, int>[] fields)
    {
        var count = csv.FieldCount;
        string Cell(int at) => at >= 0 && at < count ? csv.GetString(at) : "";
        var line = csv.LineNumber;
        if (EmailAddress.Parse(Cell(columns.Email)) is not { } address)
        {
            return new ImportRow(line, null, "", "", "not a complete e-mail address");
        }

        var more = "";
        if (fields.Length > 0)
        {
            more = SubscriberFields.Write(fields.ToDictionary(f => f.Key, f => Fit(Cell(f.Value))));
        }

        return new ImportRow(line, address, Fit(Cell(columns.Name)), more, null);
    }

    private static string Fit(string value) => value.Length <= LongestField && !value.Any(char.IsControl) ? value : "";

    private bool TryRead(out string? broken)
    {
        broken = null;
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException)
        {
            broken = $"a row of more than {MostRecordBytes / 1024} KB, perhaps because a quotation mark is not closed; reading stopped here";
            return false;
        }
    }
}
