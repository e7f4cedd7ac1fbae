using Panel.Bench;

return args switch
{
    [] or ["speed"] => await Speed.RunAsync([]),
    ["speed", .. var rows] => await Speed.RunAsync(rows),
    ["faults", ..] => NoFaultsYet(),
    _ => Usage(),
};

static int NoFaultsYet()
{
    Console.Error.WriteLine("The long fault runs are not collected here yet. Their short forms run in infra/test; CrashTests takes PANEL_CRASH_MAILS and PANEL_CRASH_KILLS for longer ones.");
    return 1;
}

static int Usage()
{
    Console.Error.WriteLine("infra/bench [speed|faults] [ROW...]   without rows: all of them");
    return 2;
}
