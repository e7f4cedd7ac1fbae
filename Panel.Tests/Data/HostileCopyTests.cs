using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Tests.Data;

/// <summary>Class 6 by <c>panel house restore</c>: root brings back what an unprivileged program wrote and what may have lain elsewhere meanwhile.</summary>
public sealed class HostileCopyTests : IDisposable
{
    private const string Good = "20260101-000000", Bad = "20260102-000000";

    private readonly TempFolder data = new();
    private readonly TempFolder elsewhere = new();
    private readonly List<string> wrong = [];

    public void Dispose()
    {
        data.Dispose();
        elsewhere.Dispose();
    }

    [Fact]
    public async Task Class_6_a_hostile_or_torn_copy_of_the_house_is_refused_in_words_and_nothing_is_moved()
    {
        await HouseAsync(data, DatabaseOptions.Sqlite, "");
        using var other = new TempFolder();
        await HouseAsync(other, DatabaseOptions.Sqlite, "");
        SqliteConnection.ClearAllPools();
        var secret = elsewhere.In("secret");
        await File.WriteAllBytesAsync(secret, RandomNumberGenerator.GetBytes(32));
        var whole = new FileInfo(data.In("copies", Good, "panel.db")).Length;

        await RefusedAsync("keys/master is a link", at => Link($"{at}/keys/master", secret));
        await RefusedAsync("keys/master is a link", at => Link($"{at}/keys", elsewhere.Path));
        await RefusedAsync("panel.db is a link", at => Link($"{at}/panel.db", data.In("copies", Good, "panel.db")));
        await RefusedAsync("panel.db is a link", at => Link($"{at}/panel.db", "../../panel.db"));
        await RefusedAsync("panel.db is a link", at => Link($"{at}/panel.db", $"../{Good}/panel.db"));
        await RefusedAsync("a link", at => Link(at, data.In("copies", Good)));
        await RefusedAsync("panel.db has 2 names", at => Run("ln", "-f", data.In("copies", Good, "panel.db"), $"{at}/panel.db"));
        await RefusedAsync("panel.db is no plain file", at => Instead($"{at}/panel.db", "mkfifo"));
        await RefusedAsync("keys/master is no plain file", at => Instead($"{at}/keys/master", "mkdir"));
        await RefusedAsync("panel.db is setuid", at => Run("chmod", "4600", $"{at}/panel.db"));
        await RefusedAsync("not whole", at => File.Delete($"{at}/keys/master"));
        await RefusedAsync("not whole", at => File.WriteAllText($"{at}/keys/master", "short"));
        await RefusedAsync("not whole", at => File.Delete($"{at}/panel.db"));
        await RefusedAsync("its own head says", at => Cut($"{at}/panel.db", whole - 4096));
        await RefusedAsync("its own head says", at => Cut($"{at}/panel.db", whole / 2));
        await RefusedAsync("its own head says", at => Cut($"{at}/panel.db", 1L << 40));
        await RefusedAsync("no SQLite file", at => Cut($"{at}/panel.db", 0));
        await RefusedAsync("no SQLite file", at => File.WriteAllText($"{at}/panel.db", new string('x', 10_000)));
        await RefusedAsync("free", at => Bomb($"{at}/panel.db"));
        await RefusedAsync("damaged", at => Scribble($"{at}/panel.db"));
        await RefusedAsync("damaged", at => Sql($"{at}/panel.db", "DROP TABLE house_settings"));
        await RefusedAsync("no database of Panel", at => Sql($"{at}/panel.db", "DELETE FROM schema_steps"));
        await RefusedAsync("a newer Panel: this one does not know its step 950-later", at => Sql($"{at}/panel.db", "INSERT INTO schema_steps (name, applied_at) VALUES ('950-later', '')"));
        await RefusedAsync("its keys/master is not the key", at => Sql($"{at}/panel.db", "UPDATE house_settings SET value = 'x' WHERE name = 'key-fingerprint'"));
        await RefusedAsync("another house", at =>
        {
            Directory.Delete(at, recursive: true);
            Run("cp", "-a", other.In("copies", Good), at);
        });
        if (Environment.IsPrivilegedProcess)
        {
            await RefusedAsync("keys/master belongs to uid 54321", at => Run("chown", "54321", $"{at}/keys/master"));
            await RefusedAsync("panel.db is no plain file", at => Instead($"{at}/panel.db", "mknod", "c", "1", "5"));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Null(await RestoreAsync(data, DatabaseOptions.Sqlite, "", Good));
    }

    [Fact]
    public async Task A_copy_comes_back_into_an_empty_data_directory()
    {
        await HouseAsync(elsewhere, DatabaseOptions.Sqlite, "");
        SqliteConnection.ClearAllPools();
        Run("cp", "-a", elsewhere.In("copies"), data.In("copies"));
        Assert.Null(await RestoreAsync(data, DatabaseOptions.Sqlite, "", Good));
        Assert.Equal(["ann"], await MembersAsync(DatabaseOptions.Sqlite, ""));
    }

    [Fact]
    public async Task Class_6_a_link_beside_the_database_is_never_written_through()
    {
        await HouseAsync(data, DatabaseOptions.Sqlite, "");
        SqliteConnection.ClearAllPools();
        await File.WriteAllTextAsync(elsewhere.In("victim"), "as it was");
        File.CreateSymbolicLink(data.In("panel.db.restored"), elsewhere.In("victim"));
        Assert.Null(await RestoreAsync(data, DatabaseOptions.Sqlite, "", Good));
        Assert.Equal("as it was", await File.ReadAllTextAsync(elsewhere.In("victim")));
    }

    [Fact]
    public async Task Class_6_a_hostile_dump_is_refused_and_what_it_starts_has_the_rights_of_the_datas_owner()
    {
        var connection = PostgresServer.NewDatabase();
        await HouseAsync(data, DatabaseOptions.Postgres, connection);
        var dump = await File.ReadAllTextAsync(data.In("copies", Good, "panel.sql"));
        var proof = elsewhere.In("proof");
        File.SetUnixFileMode(elsewhere.Path, (UnixFileMode)511);
        foreach (var (words, bent) in new[]
        {
            ("newer Panel", dump.Replace("COPY public.schema_steps (name, applied_at) FROM stdin;\n", "COPY public.schema_steps (name, applied_at) FROM stdin;\n950-later\tx\n", StringComparison.Ordinal)),
            ("is not the key", dump.Replace("key-fingerprint\t", "key-fingerprint\tx", StringComparison.Ordinal)),
            ("no database of Panel", dump[..(dump.Length / 20)]),
            ("no database of Panel", ""),
            ("psql:", dump + "\nSELECT * FROM nowhere;\n"),
        })
        {
            await CopyAsync(Bad, at => File.WriteAllText($"{at}/panel.sql", bent));
            var said = await RestoreAsync(data, DatabaseOptions.Postgres, connection, Bad);
            Assert.True(said?.Contains(words, StringComparison.Ordinal) == true, $"{words}: {said}");
            Assert.Equal(["ann", "bob"], await MembersAsync(DatabaseOptions.Postgres, connection));
        }

        Assert.False(File.Exists(proof));
        if (Environment.IsPrivilegedProcess)
        {
            await CopyAsync(Bad, at => File.WriteAllText($"{at}/panel.sql", $"{dump}\n\\! touch {proof}\n"));
            Run("chown", "-R", "54321:54321", data.Path);
            Assert.Null(await RestoreAsync(data, DatabaseOptions.Postgres, connection, Bad));
            Assert.Equal("54321", Run("stat", "-c", "%u", proof).Trim());
            Run("chown", "-R", "0:0", data.Path);
        }
    }

    /// <summary>A house of ann with one copy, to which bob came later.</summary>
    private static async Task HouseAsync(TempFolder folder, string provider, string connection)
    {
        using var app = new PanelApp(provider, ("Panel:Data", folder.Path), ("Database:Connection", connection)) { Unscheduled = true };
        await app.MemberAsync("ann");
        var made = await app.WithAsync<HouseCopies, Outcome<HouseCopy>>(c => c.MakeAsync(PanelApp.Admin, default));
        Directory.Move(folder.In("copies", made.Value!.Name), folder.In("copies", Good));
        await app.MemberAsync("bob");
    }

    private async Task<List<string>> MembersAsync(string provider, string connection)
    {
        using var app = new PanelApp(provider, ("Panel:Data", data.Path), ("Database:Connection", connection)) { Unscheduled = true };
        return [.. (await app.WithAsync<Services.Members.Members, IReadOnlyList<MemberPage>>(m => m.ListAsync(PanelApp.Admin, default))).Select(m => m.Handle).Order(StringComparer.Ordinal)];
    }

    private Task CopyAsync(string name, Action<string> bend)
    {
        var at = data.In("copies", name);
        Run("rm", "-rf", at);
        Run("cp", "-a", data.In("copies", Good), at);
        bend(at);
        return Task.CompletedTask;
    }

    private async Task RefusedAsync(string words, Action<string> bend)
    {
        await CopyAsync(Bad, bend);
        var before = State();
        var said = await RestoreAsync(data, DatabaseOptions.Sqlite, "", Bad).WaitAsync(TimeSpan.FromSeconds(20));
        if (said?.Contains(words, StringComparison.Ordinal) != true)
        {
            wrong.Add($"expected \"{words}\", it said: {said ?? "it is restored"}");
        }

        wrong.AddRange(State().Except(before).Select(changed => $"{words}: changed is {changed}"));
    }

    /// <summary>Everything in the data directory but the copies, by name, mode and content.</summary>
    private List<string> State() => [.. new DirectoryInfo(data.Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .Where(f => !f.FullName.StartsWith(data.In("copies"), StringComparison.Ordinal) && !f.FullName.StartsWith(data.In("run"), StringComparison.Ordinal))
        .Select(f => $"{f.FullName} {f.UnixFileMode} {(f is FileInfo ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f.FullName))) : "")}").Order(StringComparer.Ordinal)];

    private static Task<string?> RestoreAsync(TempFolder at, string provider, string connection, string name) =>
        HouseRestore.RunAsync(new PanelOptions { Data = at.Path }, new DatabaseOptions { Provider = provider, Connection = connection }, name, DateTimeOffset.UtcNow, default);

    private static void Link(string at, string to)
    {
        Run("rm", "-rf", at);
        File.CreateSymbolicLink(at, to);
    }

    private static void Instead(string at, string program, params string[] more)
    {
        File.Delete(at);
        Run(program, [at, .. more]);
    }

    private static void Cut(string at, long length)
    {
        using var file = new FileStream(at, FileMode.Open);
        file.SetLength(length);
    }

    /// <summary>Four terabytes that take no place, and a head that agrees.</summary>
    private static void Bomb(string at)
    {
        Cut(at, 1L << 42);
        using var file = new FileStream(at, FileMode.Open);
        var pages = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(pages, (1u << 30));
        file.Position = 28;
        file.Write(pages);
    }

    private static void Scribble(string at)
    {
        using var file = new FileStream(at, FileMode.Open);
        file.Position = 5_000;
        file.Write(new byte[20_000]);
    }

    private static void Sql(string at, string statement)
    {
        using var connection = new SqliteConnection($"Data Source={at};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own statements.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return said;
    }
}
