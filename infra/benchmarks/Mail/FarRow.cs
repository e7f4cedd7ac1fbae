using System.Diagnostics;
using System.Globalization;

namespace Panel.Bench.Mail;

/// <summary>The row "with 5 % 4xx, 1 % 5xx and 100 ms latency, 20 connections": one round trip per message and connection is the limit.</summary>
internal static class FarRow
{
    private const int Connections = 20, Mails = 4_000, Runs = 3;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        using var far = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(FarRow).Assembly.Location, FarSink.Serve]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
        try
        {
            var port = int.Parse((await far.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
            await using var house = await MailHouse.StartAsync(port, Connections);
            var rates = new List<double>();
            for (var run = 0; run <= Runs; run++)
            {
                // People of its own for each run: who is refused for good is not mailed again.
                var mails = run == 0 ? Mails / 4 : Mails;
                await house.AddListAsync($"list{run}", mails);
                var rate = await SendAsync(house, far, $"list{run}", mails);
                if (run > 0)
                {
                    rates.Add(rate);
                }
            }

            var limit = Connections / FarSink.Latency.TotalSeconds;
            var ours = rates.Order().ElementAt(rates.Count / 2);
            return [new Row($"issue with 5 % 4xx, 1 % 5xx and 100 ms latency, {Connections} connections", $"{ours:N0}/s", $"{limit:N0}/s one round trip each", ours / limit, ">= 0.9", ours / limit >= 0.9,
                string.Create(CultureInfo.InvariantCulture, $"each {Mails:N0} recipients to their last word; {rates.Min() / limit:0.00} to {rates.Max() / limit:0.00}; the sink is a process of its own"))];
        }
        finally
        {
            far.StandardInput.Close();
            await far.WaitForExitAsync();
        }
    }

    // From the first last word to the last one: freezing is another row.
    private static async Task<double> SendAsync(MailHouse house, Process far, string list, int mails)
    {
        var (before, first, clock) = (await AnsweredAsync(far), 0, new Stopwatch());
        var issue = await house.SendAsync(list);
        for (var began = Stopwatch.StartNew(); ; await Task.Delay(10))
        {
            var done = await AnsweredAsync(far) - before;
            if (!clock.IsRunning && done > 0)
            {
                first = done;
                clock.Start();
            }

            if (done >= mails)
            {
                var rate = (done - first) / clock.Elapsed.TotalSeconds;
                await house.PauseAsync(issue);
                return rate;
            }

            if (began.Elapsed > TimeSpan.FromMinutes(2))
            {
                throw new InvalidOperationException($"{done} of {mails} were asked for within two minutes; the issue is {await house.StateAsync(issue)}.");
            }
        }
    }

    private static async Task<int> AnsweredAsync(Process far)
    {
        await far.StandardInput.WriteLineAsync();
        return int.Parse((await far.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
    }
}
