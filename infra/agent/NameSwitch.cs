namespace Panel.Agent;

/// <summary>Makes the machine ask extrausers after its own files, and takes that back.</summary>
internal static class NameSwitch
{
    private static readonly HashSet<string> Databases = ["passwd", "group", "shadow"];

    /// <summary>The text with <c>extrausers</c> right after <c>files</c> in the three databases; other lines stay as they are.</summary>
    public static string Add(string text) => Each(text, words =>
        words.Contains("extrausers") ? words : [.. words.SelectMany(w => w is "files" or "compat" ? new[] { w, "extrausers" } : [w])]);

    public static string Remove(string text) => Each(text, words => [.. words.Where(w => w != "extrausers")]);

    /// <summary>Remembers in the state directory that it was us, so that <see cref="TakeOut"/> leaves an administrator's own line alone.</summary>
    public static void PutIn(Layout layout, string path = "/etc/nsswitch.conf")
    {
        var text = Files.ReadOrNull(path) ?? "passwd: files\ngroup: files\nshadow: files\n";
        var wanted = Add(text);
        if (wanted != text)
        {
            Files.Put(Mark(layout), "extrausers was put into nsswitch.conf by Panel\n");
            Files.Put(path, wanted);
        }
    }

    public static void TakeOut(Layout layout, string path = "/etc/nsswitch.conf")
    {
        if (File.Exists(Mark(layout)) && Files.ReadOrNull(path) is { } text)
        {
            Files.Put(path, Remove(text));
            File.Delete(Mark(layout));
        }
    }

    private static string Mark(Layout layout) => $"{layout.State}/nsswitch-changed";

    private static string Each(string text, Func<IReadOnlyList<string>, IReadOnlyList<string>> change) =>
        string.Join('\n', text.Split('\n').Select(line =>
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || !Databases.Contains(line[..colon].Trim()))
            {
                return line;
            }

            var rest = line[(colon + 1)..];
            var words = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var changed = change(words);
            return changed.SequenceEqual(words) ? line : $"{line[..colon]}:{rest[..^rest.TrimStart().Length]}{string.Join(' ', changed)}";
        }));
}
