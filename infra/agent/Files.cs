namespace Panel.Agent;

/// <summary>Files written whole or not at all, in directories that only root can change.</summary>
internal static class Files
{
    /// <summary>Writes beside the place, flushes to disk and renames in; a reader sees the old or the new text, and a
    /// symbolic link at the place is replaced, not followed.</summary>
    public static void Put(string path, ReadOnlySpan<byte> content, UnixFileMode mode = Modes.File, int gid = 0)
    {
        var beside = $"{path}.{Guid.NewGuid():n}.new";
        try
        {
            var how = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using (var file = new FileStream(beside, how))
            {
                file.Write(content);
                Native.Own(beside, 0, gid);
                File.SetUnixFileMode(file.SafeFileHandle, mode);
                file.Flush(flushToDisk: true);
            }

            Native.Rename(beside, path);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    public static void Put(string path, string text, UnixFileMode mode = Modes.File, int gid = 0) =>
        Put(path, System.Text.Encoding.UTF8.GetBytes(text), mode, gid);

    /// <summary>True when the file had to be written.</summary>
    public static bool PutIfChanged(string path, string text, UnixFileMode mode = Modes.File, int gid = 0)
    {
        if (ReadOrNull(path) == text)
        {
            return false;
        }

        Put(path, text, mode, gid);
        return true;
    }

    public static string? ReadOrNull(string path) => File.Exists(path) ? File.ReadAllText(path) : null;

    /// <summary>A directory with exactly this owner and mode; made or mended. The parent must be root's.</summary>
    public static void Directory(string path, UnixFileMode mode = Modes.Directory, int uid = 0, int gid = 0)
    {
        System.IO.Directory.CreateDirectory(path);
        Fault.Point();
        if (Native.Look(path) is not { IsDirectory: true } found)
        {
            throw new MachineException($"{path} is in the way: a directory belongs there.");
        }

        if (found.Uid != uid || found.Gid != gid)
        {
            Native.Own(path, uid, gid);
        }

        if (found.Mode != (int)mode)
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}

internal static class Modes
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    public const UnixFileMode Group = Private | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    public const UnixFileMode Directory = Group | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    public const UnixFileMode Traverse = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    public const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    public const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode GroupFile = Secret | UnixFileMode.GroupRead;
    public const UnixFileMode Socket = GroupFile | UnixFileMode.GroupWrite;
}
