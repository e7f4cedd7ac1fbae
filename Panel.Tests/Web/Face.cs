using System.IO.Compression;
using System.Runtime.CompilerServices;

namespace Panel.Tests.Web;

/// <summary>The files of the face as they are committed.</summary>
internal static class Face
{
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "Panel.Web"));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static IEnumerable<string> Views() =>
        Directory.EnumerateFiles(Root, "*.cshtml", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f))
            .Where(f => !f.StartsWith("obj", StringComparison.Ordinal) && !f.StartsWith("bin", StringComparison.Ordinal));

    /// <summary>Bytes on the wire with brotli at its best, as published files are served.</summary>
    public static int Compressed(string path)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            brotli.Write(File.ReadAllBytes(Path.Combine(Root, path)));
        }

        return (int)packed.Length;
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
