extern alias agent;

using agent::Panel.Agent;

namespace Panel.Tests.Hosting;

/// <summary>Runs as root on a kernel that knows limits: the agent's own code sets one, a member runs into it. One line per finding.</summary>
internal static class QuotaProof
{
    private const int Uid = 290_001;
    private const long Limit = 16L << 20;

    public static int Run(string disk)
    {
        var layout = new Layout(disk, "/mnt/run");
        var volume = new Volume(new AgentOptions { Data = disk, Id = "00000000", Socket = "", PanelUid = 0 }, layout);
        volume.Prepare(Console.WriteLine);
        Console.WriteLine($"kind {volume.Kind} enforces {volume.Enforces}");
        var tree = layout.Tree("ann");
        volume.Make(tree, Uid);
        volume.SetLimit(Uid, Limit);
        Commands.Run("chown", $"{Uid}:{Uid}", tree);
        volume.Observe();
        Console.WriteLine($"limit {volume.Limits[Uid]}");
        Console.WriteLine($"nothing yet {volume.Usage(new Dictionary<string, int> { ["ann"] = Uid })[Uid] < 64 << 10}");

        Console.WriteLine($"below {Write($"{tree}/below", 10)}");
        // What a limit on the project would have let through: the owner of a file says to which project it belongs.
        Console.WriteLine($"renumbered {AsMember("chattr", "-p", "0", $"{tree}/below").Code}");
        Console.WriteLine($"elsewhere {Write($"{Directory.CreateDirectory($"{disk}/open").FullName}/x", 4, open: true)}");
        Console.WriteLine($"above {Write($"{tree}/above", 10)}");
        Console.WriteLine($"used {volume.Usage(new Dictionary<string, int> { ["ann"] = Uid })[Uid] is > (14 << 20) and <= Limit}");
        volume.SetLimit(Uid, null);
        Console.WriteLine($"lifted {Write($"{tree}/above", 10)}");
        return 0;
    }

    private static string Write(string path, int megabytes, bool open = false)
    {
        if (open)
        {
            Commands.Run("chmod", "1777", Path.GetDirectoryName(path)!);
        }

        var ran = AsMember("dd", "if=/dev/zero", $"of={path}", "bs=1M", $"count={megabytes}", "conv=fsync");
        return ran.Code == 0 ? "written" : ran.Error.Contains("quota exceeded", StringComparison.OrdinalIgnoreCase) ? "refused" : ran.Error;
    }

    private static Ran AsMember(string program, params string[] arguments) =>
        Commands.Try("setpriv", ["--reuid", $"{Uid}", "--regid", $"{Uid}", "--clear-groups", "--", program, .. arguments]);
}
