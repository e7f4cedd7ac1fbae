using System.Text;

namespace Panel.Services.Newsletters.Importing;

/// <summary>Which encoding a file has. Valid UTF-8 in the first 64 KB decides; a file in another one nearly always breaks it early.</summary>
internal static class ImportEncoding
{
    /// <summary>The encoding (null: UTF-8, or what the byte order mark says) and its name; the stream stands at its start again.</summary>
    public static (Encoding? Encoding, string Name) Find(Stream stream)
    {
        var head = new byte[64 * 1024];
        var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (head.AsSpan().StartsWith(Encoding.Unicode.Preamble) || head.AsSpan().StartsWith(Encoding.BigEndianUnicode.Preamble))
        {
            return (null, "UTF-16"); // The reader honours byte order marks.
        }

        var whole = length < head.Length ? length : length - 4;
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetDecoder().GetCharCount(head, 0, whole, flush: length < head.Length);
            return (null, "UTF-8");
        }
        catch (DecoderFallbackException)
        {
            return (CodePagesEncodingProvider.Instance.GetEncoding(1252)!, "Windows-1252");
        }
    }

    /// <summary>The separator that the first line has most of, in words; the reader finds it by itself.</summary>
    public static string SeparatorOf(string path)
    {
        using var text = new StreamReader(path, detectEncodingFromByteOrderMarks: true);
        var line = new char[4096];
        var first = new string(line, 0, text.ReadBlock(line)).Split('\n')[0];
        return new[] { (',', "commas"), (';', "semicolons"), ('\t', "tabs") }.MaxBy(s => first.Count(c => c == s.Item1)).Item2;
    }
}
