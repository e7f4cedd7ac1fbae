using System.Globalization;
using Panel.Bench;
using Panel.Bench.Finger;

return args switch
{
    [] or ["speed"] => await Speed.RunAsync([]),
    ["speed", .. var rows] => await Speed.RunAsync(rows),
    ["faults", "mail"] => await MailFaults.RunAsync(10_000, 200),
    ["faults", "mail", var mails, var kills] when int.TryParse(mails, CultureInfo.InvariantCulture, out var m) && int.TryParse(kills, CultureInfo.InvariantCulture, out var k) => await MailFaults.RunAsync(m, k),
    ["faults", .. var given] => Panel.Bench.Faults.Faults.Run(given),
    [SilentRow.Serve] => await SilentRow.ServeAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("infra/bench [speed [ROW...] | faults [DURATION [SEED]]]   without rows: all of them; a duration is like 00:10:00; infra/bench faults mail [MAILS KILLS] kills the sender, 10,000 and 200 without numbers");
    return 2;
}
