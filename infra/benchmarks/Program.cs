using System.Globalization;
using Panel.Bench;
using Panel.Bench.Finger;
using Panel.Bench.Mail;

Panel.Tests.Data.PostgresServer.IsDurable = true;
return args switch
{
    [] or ["speed"] => await Speed.RunAsync([]),
    ["speed", .. var rows] => await Speed.RunAsync(rows),
    ["faults"] => Panel.Bench.Faults.Faults.RunFinger([]) | await MailFaults.AllAsync()
        | await Panel.Bench.Faults.HostingFaults.KillsAsync(500) | await Panel.Bench.Faults.HostingFaults.EditsAsync(10_000),
    ["faults", "mail"] => await MailFaults.CrashesAsync(10_000, 200),
    ["faults", "mail", var mails, var kills] when Number(mails) is { } m && Number(kills) is { } k => await MailFaults.CrashesAsync(m, k),
    ["faults", "postfix", .. var given] when given is [] || Number(given[0]) is not null => await MailFaults.RelayAsync(Number(given.FirstOrDefault()) ?? 100_000),
    ["faults", "optout", .. var given] when given is [] || Number(given[0]) is not null => await MailFaults.LeavesAsync(Number(given.FirstOrDefault()) ?? 20_000),
    ["faults", "import", .. var given] when given is [] || Number(given[0]) is not null => await MailFaults.ImportsAsync(Number(given.FirstOrDefault()) ?? 1_000_000, 10),
    ["faults", "erasure"] => await MailFaults.ErasuresAsync(2_000_000, 500_000, 20),
    ["faults", "agent", .. var given] when given is [] || Number(given[0]) is not null => await Panel.Bench.Faults.HostingFaults.KillsAsync(Number(given.FirstOrDefault()) ?? 500),
    ["faults", "edits", .. var given] when given is [] || Number(given[0]) is not null => await Panel.Bench.Faults.HostingFaults.EditsAsync(Number(given.FirstOrDefault()) ?? 10_000),
    ["faults", "finger", .. var given] => Panel.Bench.Faults.Faults.RunFinger(given),
    [FarSink.Serve] => await FarSink.ServeAsync(),
    [SilentRow.Serve] => await SilentRow.ServeAsync(),
    [DebianFinger.Serve, var config, var pid] => DebianFinger.ServePeer(config, pid),
    _ => Usage(),
};

static int? Number(string? given) => int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

static int Usage()
{
    Console.Error.WriteLine(
        """
        infra/bench [speed [ROW...]]                without rows: all of them
        infra/bench faults                          all of those below, one after the other
        infra/bench faults finger [MINUTES [SEED]]  byte mutations, for an hour without a number
        infra/bench faults agent [KILLS]            kills the host agent at 500 moments, after each of its file operations and at random
        infra/bench faults edits [EDITS]            10,000 hostile edits of one member while another's site is under load
        infra/bench faults mail [MAILS KILLS]       kills the sender; 10,000 and 200 without numbers
        infra/bench faults postfix [MAILS]          an issue of 100,000 through real Postfix, the database restarted
        infra/bench faults optout [LEAVES]          20,000 one-click POSTs at 500/s, the database away for 30 s
        infra/bench faults import [PEOPLE]          kills an import of 1,000,000 ten times
        infra/bench faults erasure                  erases a member with 2,000,000 rows of ledger while others write, broken off 20 times
        """);
    return 2;
}
