using System.Globalization;

namespace Panel.Agent;

/// <summary>Where tests kill the agent: with PANEL_AGENT_FAULT=N in its environment it dies, as by SIGKILL, after its N-th
/// change of the machine.</summary>
internal static class Fault
{
    private static int left = int.TryParse(Environment.GetEnvironmentVariable("PANEL_AGENT_FAULT"), NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : int.MaxValue;

    public static void Point()
    {
        if (left != int.MaxValue && Interlocked.Decrement(ref left) <= 0)
        {
            _ = Native.kill(Environment.ProcessId, Native.SigKill);
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
