using System.Globalization;
using System.Text;
using CsvHelper;

namespace Panel.Services.Newsletters;

internal readonly record struct CsvPerson(EmailAddress Address, string Name);

/// <summary>Reads people from CSV: comma, semicolon or tab; UTF-8 (with or without BOM), UTF-16 with BOM, else Windows-1252.
/// A column whose heading says e-mail is the address; a file without headings has addresses in its first column.</summary>
internal sealed class SubscriberCsv : IDisposable
{
    private const int MostRecordBytes = 64 * 1024;
    private static readonly string[] EmailNames = ["email", "e-mail", "mail", "email address", "e-mail address", "address", "adresse", "courriel", "posta"];
    private static readonly string[] GivenNames = ["name", "full name", "first name", "vorname", "nom", "nome"];
    private readonly CsvReader csv;
    private readonly int emailColumn;
    private readonly int nameColumn;
    private readonly bool hasHeading;

    private SubscriberCsv(CsvReader csv, int emailColumn, int nameColumn, bool hasHeading) =>
        (this.csv, this.emailColumn, this.nameColumn, this.hasHeading) = (csv, emailColumn, nameColumn, hasHeading);

    public static SubscriberCsv? Open(Stream stream, out Refusal? why)
    {
        var encoding = EncodingOf(ref stream);
        var csv = CsvReader.Create(stream, new CsvReaderOptions
        {
            HasHeader = false,
            Encoding = encoding,
            TrimWhitespace = true,
            TrackLineNumbers = true,
            IncludeValuesInExceptions = false,
            MaxRecordSize = MostRecordBytes,
        });
        why = null;
        if (!csv.Read())
        {
            why = new Refusal("The file is empty. It needs one address per line.", "file");
            return null;
        }

        var first = csv.Current.ToArray();
        var email = Array.FindIndex(first, f => EmailNames.Contains(f.ToLowerInvariant()));
        if (email >= 0)
        {
            return new SubscriberCsv(csv, email, Array.FindIndex(first, f => GivenNames.Contains(f.ToLowerInvariant())), true);
        }

        if (EmailAddress.Parse(first[0]) is not null)
        {
            return new SubscriberCsv(csv, 0, first.Length > 1 ? 1 : -1, false);
        }

        why = new Refusal($"No column is called email. The first line says: {string.Join(" | ", first.Take(5))}", "file");
        csv.Dispose();
        return null;
    }

    public IEnumerable<CsvPerson> Read(Action<long, string> refuse)
    {
        var more = !hasHeading || Next(refuse);
        while (more)
        {
            var line = csv.LineNumber;
            if (EmailAddress.Parse(csv.GetString(emailColumn)) is not { } address)
            {
                refuse(line, "This is not a complete e-mail address.");
            }
            else
            {
                var name = nameColumn >= 0 ? csv.GetString(nameColumn) : "";
                yield return new CsvPerson(address, name.Length <= 100 && !name.Any(char.IsControl) ? name : "");
            }

            more = Next(refuse);
        }
    }

    public void Dispose() => csv.Dispose();

    private bool Next(Action<long, string> refuse)
    {
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException broken)
        {
            // Behind an unclosed quote nothing can be trusted to be a row of its own.
            refuse(broken.LineNumber, $"A row has more than {MostRecordBytes / 1024} KB, perhaps because a quotation mark is not closed; reading stopped here.");
            return false;
        }
    }

    // Valid UTF-8 in the first 64 KB decides; a file in another encoding nearly always breaks it early.
    private static Encoding? EncodingOf(ref Stream stream)
    {
        var head = new byte[64 * 1024];
        var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        stream = new JoinedStream(new MemoryStream(head, 0, length), stream);
        if (head.AsSpan().StartsWith(Encoding.Unicode.Preamble) || head.AsSpan().StartsWith(Encoding.BigEndianUnicode.Preamble))
        {
            return null; // The reader honours byte order marks.
        }

        var whole = length < head.Length ? length : length - 4;
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetDecoder().GetCharCount(head, 0, whole, flush: length < head.Length);
            return null;
        }
        catch (DecoderFallbackException)
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(1252)!;
        }
    }

    /// <summary>What was read ahead, then the rest.</summary>
    private sealed class JoinedStream(Stream first, Stream second) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = first.Read(buffer, offset, count);
            return read > 0 ? read : second.Read(buffer, offset, count);
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
