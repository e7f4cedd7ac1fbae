extern alias agent;

using System.Formats.Tar;
using System.Text;
using AgentOptions = agent::Panel.Agent.AgentOptions;
using MachineException = agent::Panel.Agent.MachineException;
using Repositories = agent::Panel.Agent.Repositories;

namespace Panel.Tests.Hosting;

/// <summary>Classes 6 and 17, through the door of a move: the host that an account comes from may send any archive for its repository of backups, in
/// two passes, and it is unpacked as the user who owns everybody's repositories and Panel's own data.</summary>
public sealed class RepositoryAttackTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [RootFact]
    public async Task Class_6_and_17_a_link_of_one_pass_leads_no_file_of_the_next_out_of_the_repository()
    {
        var options = new AgentOptions { Data = folder.Path, Id = "0badcafe", Socket = folder.In("none.sock"), PanelUid = 0, Backups = folder.In("data/backups") };
        var (repositories, bob, ann) = (new Repositories(options), Path.Combine(options.Backups, "bob"), Path.Combine(options.Backups, "ann"));
        Directory.CreateDirectory(bob);
        await File.WriteAllTextAsync(Path.Combine(bob, "config"), "bob's");
        await File.WriteAllTextAsync(folder.In("data/panel.db"), "the house's");

        foreach (var (link, target) in new[] { ("x", "../bob"), ("y", bob), ("data/z", "../../../"), ("inner", "x") })
        {
            await TakeAsync(repositories, new PaxTarEntry(TarEntryType.SymbolicLink, link) { LinkName = target });
            Assert.DoesNotContain(Directory.EnumerateFileSystemEntries(ann, "*", SearchOption.AllDirectories), e => new FileInfo(e).LinkTarget is not null);
            await TakeAsync(repositories, Words($"{link}/config"), Words($"{link}/panel.db"));
            // The same in one archive, by a hard link, and by a path.
            await TakeAsync(repositories, new PaxTarEntry(TarEntryType.SymbolicLink, $"{link}2") { LinkName = target }, Words($"{link}2/config"));
        }

        await TakeAsync(repositories, new PaxTarEntry(TarEntryType.HardLink, "hard") { LinkName = "../bob/config" }, Words("hard"));
        await TakeAsync(repositories, Words("../bob/config"), Words(Path.Combine(bob, "config")), Words("../../panel.db"));

        Assert.Equal(["config"], Directory.GetFileSystemEntries(bob).Select(Path.GetFileName));
        Assert.Equal("bob's", await File.ReadAllTextAsync(Path.Combine(bob, "config")));
        Assert.Equal("the house's", await File.ReadAllTextAsync(folder.In("data/panel.db")));

        // What a repository really has comes in, whatever was sent before.
        await TakeAsync(repositories, Words("config"), Words("data/00/pack"));
        Assert.Equal("a lie", await File.ReadAllTextAsync(Path.Combine(ann, "data", "00", "pack")));
    }

    private static PaxTarEntry Words(string name) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes("a lie")) };

    private static async Task TakeAsync(Repositories repositories, params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                await tar.WriteEntryAsync(entry);
            }
        }

        archive.Position = 0;
        try
        {
            await repositories.TakeAsync("ann", archive, default);
        }
        catch (MachineException)
        {
            // Refused by tar: as good.
        }
    }
}
