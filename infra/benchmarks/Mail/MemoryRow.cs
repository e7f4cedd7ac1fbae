namespace Panel.Bench.Mail;

/// <summary>The row "memory while sending": the whole process, looked at twenty times a second, with a short list and with a long one.</summary>
internal static class MemoryRow
{
    private const int Few = 10_000, Many = 200_000;

    public static async Task<IEnumerable<Row>> MeasureAsync()
    {
        await using var sink = await Sink.StartAsync();
        await using var house = await MailHouse.StartAsync(sink.Port, connections: 8);
        await house.AddListAsync("few", Few);
        await house.AddListAsync("many", Many);
        // Without what the imports left behind.
        await house.EndAsync();
        await house.BeginAsync();
        // The first issue compiles the code that sends.
        await MostAsync(house, "few");
        var few = await MostAsync(house, "few");
        var many = await MostAsync(house, "many");
        return [new Row($"memory while sending {Few:N0} and {Many:N0}", $"{many:N0} MB", $"{few:N0} MB while sending {Few:N0}", null, "<= + 20 MB, <= 200 MB", many <= few + 20 && many <= 200,
            "the whole process, both by the same start; 1,000,000 would take longer than a row may")];
    }

    private static async Task<double> MostAsync(MailHouse house, string list)
    {
        using var watch = new Watch(() => house.Resident);
        await house.UntilSentAsync(await house.SendAsync(list));
        return watch.Megabytes;
    }
}
