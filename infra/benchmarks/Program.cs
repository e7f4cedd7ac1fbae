using Panel.Bench;

return args switch
{
    [] or ["speed"] => await Speed.RunAsync([]),
    ["speed", .. var rows] => await Speed.RunAsync(rows),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("infra/bench [speed|faults] [ROW...]   without rows: all of them");
    return 2;
}
