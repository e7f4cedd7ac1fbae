using System.Globalization;

namespace Panel.Bench.Faults;

/// <summary>The long fault runs. A finding is printed with the input that caused it, and the exit is 1.</summary>
internal static class Faults
{
    private static readonly TimeSpan Usually = TimeSpan.FromHours(1);

    public static int Run(string[] given)
    {
        var howLong = Usually;
        var seed = Environment.TickCount;
        if (given.Length > 2 || (given.Length > 0 && (!TimeSpan.TryParse(given[0], CultureInfo.InvariantCulture, out howLong) || howLong <= TimeSpan.Zero))
            || (given.Length > 1 && !int.TryParse(given[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out seed)))
        {
            Console.Error.WriteLine("infra/bench faults [DURATION [SEED]]   a duration is like 00:10:00; without one an hour");
            return 2;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"finger: byte mutations of line parser, plan reader and renderer for {howLong}, seed {seed}"));
        var run = FingerMutations.Run(howLong, seed);
        Console.WriteLine(run.Finding ?? string.Create(CultureInfo.InvariantCulture, $"{run.Tried:N0} inputs, nothing found."));
        Console.Error.WriteLine("Faults of mail and hosting are not collected here yet: their short forms run in infra/test, and CrashTests takes PANEL_CRASH_MAILS and PANEL_CRASH_KILLS for longer ones.");
        return run.Finding is null ? 0 : 1;
    }
}
