using System.Runtime.CompilerServices;

namespace Panel.Tests.Mail;

/// <summary>Compares with a committed file. A missing file is written once and fails the test, so that somebody reads it.</summary>
internal static class Golden
{
    public static void Same(string name, string actual, [CallerFilePath] string here = "")
    {
        var path = Path.Combine(Path.GetDirectoryName(here)!, "..", "golden", "mail", name);
        actual = actual.ReplaceLineEndings("\n");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            Assert.Fail($"{name} was not there and has been written: read it and commit it.");
        }

        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), actual);
    }
}
