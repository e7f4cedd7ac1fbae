using System.Formats.Tar;
using System.Text;
using Panel.Services.Members;
using Panel.Tests.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Members;

/// <summary>What a host's archive becomes in a member's export, read and written by tar itself.</summary>
public sealed class TarCopyTests : IAsyncLifetime
{
    private readonly string place = Directory.CreateTempSubdirectory().FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    // .NET cannot delete a file whose name is no UTF-8.
    public Task DisposeAsync() => MustAsync("rm", "-rf", "--", place);

    [Fact]
    public async Task Class_1_2_and_6_names_links_holes_and_bytes_of_a_home_are_in_the_export_as_they_were()
    {
        var home = $"{place}/from/home";
        Directory.CreateDirectory($"{home}/odd");
        await MustAsync(OddNames.Writing($"{home}/odd", "kept", OddNames.All));
        await MustAsync("perl", "-e", """
            chdir $ARGV[0] or die; my $l = "l" x 200;
            for (1 .. 3) { mkdir $l; chdir $l or die } open my $f, ">", "bottom"; print $f "deep"; close $f; chdir $ARGV[0];
            symlink "/etc/shadow", "out"; symlink "../../..", "up"; symlink "b" x 300, "long";
            open $f, ">", "one"; print $f "one"; close $f; link "one", "two"; link "one", $l x 1 . "/link" or die $!;
            open $f, ">", "hole"; truncate $f, 1 << 28; seek $f, 1 << 27, 0; print $f "in the middle"; close $f;
            chmod 0750, "odd"; chmod 0600, "one"
            """, home);
        await MustAsync("tar", "-c", "-f", $"{place}/host.tar", "--format=posix", "--sparse", "-C", $"{place}/from", "home");

        Assert.Empty(await ExportAsync());
        await MustAsync("tar", "-x", "-f", $"{place}/export.tar", "-C", $"{place}");
        Assert.Equal(await LookAsync($"{place}/from/home"), await LookAsync($"{place}/hosting/home"));
        Assert.Equal((await RunAsync("perl", OddNames.Reading($"{home}/odd")[1..])).Output, (await RunAsync("perl", OddNames.Reading($"{place}/hosting/home/odd")[1..])).Output);
        Assert.InRange(int.Parse((await RunAsync("du", "-sk", $"{place}/hosting")).Output.Split('\t')[0], System.Globalization.CultureInfo.InvariantCulture), 1, 4000);
        Assert.Equal("before\n", (await RunAsync("tar", "-xOf", $"{place}/export.tar", "before.json")).Output);
        Assert.Equal("after\n", (await RunAsync("tar", "-xOf", $"{place}/export.tar", "after.json")).Output);
    }

    [Fact]
    public async Task Class_6_and_17_what_a_lying_host_would_put_elsewhere_is_left_out_and_said()
    {
        await using (var tar = new TarWriter(File.Create($"{place}/host.tar"), TarEntryFormat.Pax))
        {
            foreach (var name in new[] { "../x", "home/../../x", "..", "home/fine", "/home/absolute" })
            {
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("text"u8.ToArray()) });
            }

            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.HardLink, "home/passwd") { LinkName = "../../../etc/passwd" });
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.HardLink, "home/second") { LinkName = "home/fine" });
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.BlockDevice, "home/disk") { DeviceMajor = 8 });
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, $"home/{new string('n', 70_000)}"));
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "home/hole", [new("GNU.sparse.name", "../../x")]));
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "home/last") { DataStream = new MemoryStream("last"u8.ToArray()) });
        }

        Assert.StartsWith("7 entries of hosting/ were left out", Assert.Single(await ExportAsync()), StringComparison.Ordinal);
        Assert.Equal("before.json hosting/home/fine hosting/home/absolute hosting/home/second hosting/home/last after.json", (await RunAsync("tar", "-tPf", $"{place}/export.tar")).Output.Trim().Replace('\n', ' '));
        Assert.Contains("hosting/home/second link to hosting/home/fine", (await RunAsync("tar", "-tvPf", $"{place}/export.tar")).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(700)]
    [InlineData(1030)]
    [InlineData(0)]
    public async Task An_archive_that_ends_too_early_is_an_error_and_not_the_end(int length)
    {
        await using (var tar = new TarWriter(File.Create($"{place}/host.tar"), TarEntryFormat.Pax))
        {
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "home/fine") { DataStream = new MemoryStream("text"u8.ToArray()) });
        }

        using (var cut = File.OpenWrite($"{place}/host.tar"))
        {
            cut.SetLength(length);
        }

        await Assert.ThrowsAsync<EndOfStreamException>(ExportAsync);
    }

    private async Task<IReadOnlyList<string>> ExportAsync()
    {
        await using var to = File.Create($"{place}/export.tar");
        await using var tar = new TarWriter(to, TarEntryFormat.Pax);
        var archive = new ExportArchive(tar, to, DateTimeOffset.UnixEpoch);
        await archive.AddAsync("before.json", Encoding.UTF8.GetBytes("before\n"), default);
        await using var from = File.OpenRead($"{place}/host.tar");
        await archive.CopyAsync("hosting/", from, default);
        await archive.AddAsync("after.json", Encoding.UTF8.GetBytes("after\n"), default);
        return archive.Notes;
    }

    /// <summary>Every name with kind, mode, links, target and content.</summary>
    private static async Task<string> LookAsync(string folder)
    {
        var found = (await RunAsync("env", "-C", folder, "LC_ALL=C", "find", ".", "-printf", @"%P %y %m %n %l\0")).Output.Split('\0').Order(StringComparer.Ordinal);
        var sums = (await RunAsync("env", "-C", folder, "LC_ALL=C", "find", ".", "-type", "f", "-exec", "sha256sum", "-bz", "{}", "+")).Output.Split('\0').Order(StringComparer.Ordinal);
        return string.Join('\n', found.Concat(sums));
    }

    private static async Task MustAsync(params string[] command)
    {
        var (code, output) = await RunAsync(command[0], command[1..]);
        Assert.True(code == 0, output);
    }
}
