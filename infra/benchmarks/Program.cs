using System.Globalization;
using Panel.Bench;
using Panel.Bench.Finger;

return args switch
{
    ["faults"] => Panel.Bench.Faults.Faults.RunFinger([]) | await MailFaults.RunAsync(10_000, 200),
    [] or ["speed"] => await Speed.RunAsync([]),
    ["speed", .. var rows] => await Speed.RunAsync(rows),
    ["faults", "mail"] => await MailFaults.RunAsync(10_000, 200),
    ["faults", "mail", var mails, var kills] when int.TryParse(mails, CultureInfo.InvariantCulture, out var m) && int.TryParse(kills, CultureInfo.InvariantCulture, out var k) => await MailFaults.RunAsync(m, k),
    ["faults", "finger", .. var given] => Panel.Bench.Faults.Faults.RunFinger(given),
    [SilentRow.Serve] => await SilentRow.ServeAsync(),
    [DebianFinger.Serve, var config, var pid] => DebianFinger.ServePeer(config, pid),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("infra/bench [speed [ROW...] | faults finger [MINUTES [SEED]] | faults mail [MAILS KILLS]]   without rows: all of them; without numbers: finger for an hour, mail 10,000 and 200 kills of the sender");
    return 2;
}
