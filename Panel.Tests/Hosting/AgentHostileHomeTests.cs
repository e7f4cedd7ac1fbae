extern alias agent;

using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>A home that holds everything a member can leave in it, through backup, trial, restore and export.</summary>
public sealed class AgentHostileHomeTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private const int Uid = 290_501;

    private static readonly BackupOrder Order = new("a secret of the house");

    private string Tree => $"{machine.Accounts}/eve";

    [RootFact]
    public async Task Class_2_4_and_6_a_hostile_home_is_backed_up_tried_restored_and_taken_along()
    {
        foreach (var account in new[] { Account("eve", Uid, machine.PublicKey, Site("eve", "web")), Account("bob", Uid + 1, machine.PublicKey) })
        {
            Assert.All((await machine.Panel.SayAsync(account)).Items, i => Assert.Equal(ItemState.Live, i.State));
        }

        await machine.UploadAsync("bob", "/home/secret", "secret of bob");
        await AsEveAsync(HostileHome.Making(Tree, $"{machine.Accounts}/bob"));
        await AsEveAsync(OddNames.Writing($"{Tree}/home/odd", "kept", OddNames.All));
        var made = await DoAsync(AgentWork.Backup, Order);
        Assert.Contains(made.Notes, n => n.Contains("home/socket: socket ignored", StringComparison.Ordinal));
        Assert.Contains(made.Notes, n => n.Contains("home/none: ", StringComparison.Ordinal) && n.Contains("Permission denied", StringComparison.Ordinal));
        Assert.Contains(made.Notes, n => n.Contains("home/closed: ", StringComparison.Ordinal) && n.Contains("Permission denied", StringComparison.Ordinal));
        // A hole of a gigabyte is not a gigabyte, neither in the archive nor for whoever waits behind it.
        Assert.InRange(made.Bytes, 1, 4 << 20);
        var order = Order with { Snapshot = made.Snapshot };
        var trial = await DoAsync(AgentWork.Trial, order);
        Assert.True(trial.Trial is { Wrong.Count: 0 }, string.Join('\n', trial.Trial!.Wrong));

        // Everything but what she had closed to herself comes back, with its links, in the room it had.
        await AsEveAsync("bash", "-c", $"cd {Tree}/home && chmod 700 closed readonly && rm -rf closed none socket");
        var before = await machine.InsideAsync(HostileHome.Looking(Tree, modes: ""));
        await AsEveAsync("bash", "-c", $"rm -rf {Tree}/home/* {Tree}/home/.??* {Tree}/private/*");
        var restored = await DoAsync(AgentWork.Restore, order);
        Assert.True(restored.Notes.Count == 0, string.Join('\n', restored.Notes));
        await AsEveAsync("bash", "-c", $"cd {Tree}/home && chmod 700 readonly");
        Assert.Equal(before.Output, (await machine.InsideAsync(HostileHome.Looking(Tree, modes: ""))).Output);
        await NobodyElseAsync();

        // What no path reaches is said; the rest of a backup and of a restore is as before.
        await AsEveAsync(HostileHome.Deepening(Tree));
        made = await DoAsync(AgentWork.Backup, Order);
        Assert.Single(made.Notes, n => n.Contains("File name too long", StringComparison.Ordinal));
        await AsEveAsync("bash", "-c", $"chmod -R u+rwX {Tree}/home; rm -rf {Tree}/home/* {Tree}/home/.??* {Tree}/private/*");
        restored = await DoAsync(AgentWork.Restore, Order with { Snapshot = made.Snapshot });
        Assert.Empty(restored.Notes);
        await AsEveAsync("bash", "-c", $"cd {Tree}/home && chmod 700 readonly; rm -rf dddd*");
        Assert.Equal(before.Output, (await machine.InsideAsync(HostileHome.Looking(Tree, modes: ""))).Output);
        await NobodyElseAsync();

        var report = await machine.Panel.RequestAsync(AgentWork.Export, "eve");
        Assert.Null(report.Failure);
        var export = $"{machine.Data}/export.tar";
        await File.WriteAllBytesAsync(export, machine.Panel.Archives[report.RequestId!.Value]);
        Assert.Equal("", (await RunAsync("bash", "-c", $"tar -tPf {export} | grep -E '^/|(^|/)\\.\\.(/|$)'")).Output);
        Assert.Equal((0, ""), await RunAsync("bash", "-c", $"mkdir {machine.Data}/out && tar -xf {export} -C {machine.Data}/out"));
        Assert.Equal((await machine.InsideAsync(OddNames.Reading($"{Tree}/home/odd"))).Output, (await RunAsync("perl", OddNames.Reading($"{machine.Data}/out/home/odd")[1..])).Output);
    }

    /// <summary>Nothing in her account is another's, nothing of his is hers or changed, and nothing was read that is not hers.</summary>
    private async Task NobodyElseAsync()
    {
        Assert.Equal((0, ""), await machine.InsideAsync("find", $"{Tree}/home", $"{Tree}/private", "!", "-uid", $"{Uid}", "-print"));
        Assert.Equal((0, ""), await machine.InsideAsync("find", $"{Tree}/home", $"{Tree}/private", "-type", "f", "-perm", "/6000", "!", "-name", "setuid", "-print"));
        Assert.Equal("secret of bob", (await machine.InsideAsync("cat", $"{machine.Accounts}/bob/home/secret")).Output);
        Assert.Equal("secret\n", (await machine.InsideAsync("ls", "-A", $"{machine.Accounts}/bob/home")).Output);
    }

    private async Task AsEveAsync(params string[] command)
    {
        var (code, output) = await machine.InsideAsync(["setpriv", $"--reuid={Uid}", $"--regid={Uid}", "--clear-groups", "--", .. command]);
        Assert.True(code == 0, output);
    }

    private async Task<BackupMade> DoAsync(AgentWork work, BackupOrder order)
    {
        var report = await machine.Panel.RequestAsync(work, "eve", order.Snapshot, order);
        Assert.True(report is { Failure: null, Backup: not null }, report.Failure);
        return report.Backup!;
    }
}
