using Panel.Bench;
using Panel.Bench.Finger;

return args switch
{
    [] or ["speed"] => await Speed.RunAsync([]),
    ["speed", .. var rows] => await Speed.RunAsync(rows),
    ["faults", .. var given] => Panel.Bench.Faults.Faults.Run(given),
    [SilentRow.Serve] => await SilentRow.ServeAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("infra/bench [speed [ROW...] | faults [DURATION [SEED]]]   without rows: all of them; a duration is like 00:10:00");
    return 2;
}
