using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Panel.Services.Finger;
using Xunit;

namespace Panel.Tests.Finger;

public class FingerLimitsTests
{
    private const string Crowded = "Too many questions from your address. Please ask again in a minute.\r\n";
    private const string Full = "Too many people are asking just now. Please ask again in a minute.\r\n";

    [Fact]
    public async Task Five_hundred_silent_clients_keep_nobody_else_waiting()
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo);
        var silent = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => server.ConnectAsync(new IPAddress([127, 1, 0, (byte)(1 + (i % 5))]))));
        var watch = Stopwatch.StartNew();

        Assert.Equal("[ann|False|]\r\n", await server.SayAsync("ann\r\n"));

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"A new asker waited {watch.Elapsed}.");
        Array.ForEach(silent, s => s.Dispose());
    }

    [Fact]
    public async Task A_full_house_refuses_with_a_line_and_opens_again()
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo, o => o.Connections = 3);
        var silent = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => server.ConnectAsync()));
        await Until(() => FingerConnectionTests.Gate(server).Inside == 3);

        Assert.Equal(Full, await server.SayAsync("ann\r\n"));

        Array.ForEach(silent, s => s.Dispose());
        await Until(() => FingerConnectionTests.Gate(server).Inside == 0);
        Assert.Equal("[ann|False|]\r\n", await server.SayAsync("ann\r\n"));
    }

    [Fact]
    public async Task One_address_cannot_take_the_place_of_others()
    {
        await using var server = await FingerServer.StartAsync(FingerServer.Echo, o => o.ConnectionsPerAddress = 2);
        using var one = await server.ConnectAsync();
        using var two = await server.ConnectAsync();
        await Until(() => FingerConnectionTests.Gate(server).Inside == 2);

        Assert.Equal(Crowded, await server.SayAsync("ann\r\n"));

        using var other = await server.ConnectAsync(new IPAddress([127, 0, 0, 2]));
        await other.SendAsync("ann\r\n"u8.ToArray());
        Assert.Equal("[ann|False|]\r\n", await FingerServer.ReadAsync(other));
    }

    [Fact]
    public void A_hasty_address_rests_and_is_welcome_again()
    {
        var time = new StoppedTime();
        var gate = new FingerGate(Options.Create(new FingerOptions { QueriesPerSecond = 2 }), time);

        var first = Enumerable.Range(0, 25).Select(_ => Visit(gate, "192.0.2.1")).ToList();
        time.Advance(TimeSpan.FromSeconds(1));
        var later = Enumerable.Range(0, 3).Select(_ => Visit(gate, "192.0.2.1")).ToList();

        Assert.Equal(20, first.Count(r => r is null));
        Assert.Equal([null, null, FingerResult.Crowded], later);
        Assert.Null(Visit(gate, "192.0.2.2"));
    }

    [Fact]
    public void One_subscriber_of_IPv6_is_one_address_and_mapped_IPv4_is_IPv4()
    {
        Assert.Equal(Block("2001:db8:1:2::1"), Block("2001:db8:1:2:ffff::9"));
        Assert.NotEqual(Block("2001:db8:1:2::1"), Block("2001:db8:1:3::1"));
        Assert.Equal(Block("::ffff:192.0.2.7"), Block("192.0.2.7"));
        Assert.NotEqual(Block("192.0.2.7"), Block("192.0.2.8"));
    }

    [Fact]
    public void A_million_addresses_are_forgotten_again()
    {
        var time = new StoppedTime();
        var gate = new FingerGate(Options.Create(new FingerOptions()), time);
        var most = 0;
        for (uint i = 0; i < 1_000_000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            var from = new AddressBlock(false, i);
            gate.Enter(from);
            gate.Leave(from);
            most = Math.Max(most, gate.Remembered);
        }

        // The crowd at which it sweeps: some 100 bytes each.
        Assert.InRange(most, 1, 8_192);
    }

    [Fact]
    public async Task R19_one_log_line_and_one_count_for_each_query_and_nobodys_whole_address()
    {
        using var log = new Lines();
        await using var server = await FingerServer.StartAsync(FingerServer.Echo, log: log);
        var counted = new ConcurrentQueue<string?>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Name == "panel.finger.queries" && instrument.Meter.Scope == server.Services.GetRequiredService<IMeterFactory>())
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, n, tags, _) => counted.Enqueue(tags[0].Value as string));
        listener.Start();

        await server.SayAsync("ann\r\n");
        await Until(() => log.Written.Count == 1);
        await server.SayAsync(new byte[600]);
        await Until(() => log.Written.Count == 2);

        Assert.Equal(["Shown", "TooLong"], counted);
        Assert.Collection(
            log.Written,
            l => Assert.Matches(@"^Finger Shown: 14 bytes in [0-9.]+ ms to 127\.0\.0\.0/24$", l),
            l => Assert.Matches(@"^Finger TooLong: 44 bytes in [0-9.]+ ms to 127\.0\.0\.0/24$", l));
        Assert.Equal("2001:db8:1::/48", Block("2001:db8:1:2::1").ToString());
    }

    [Theory]
    [InlineData("Listen", "7979")]
    [InlineData("Listen", "127.0.0.1")]
    [InlineData("Listen", "127.0.0.1:7979;nowhere:79")]
    [InlineData("Host", "not a host")]
    [InlineData("Connections", "0")]
    [InlineData("QueriesPerSecond", "-1")]
    [InlineData("LinePatience", "00:00:00")]
    [InlineData("AbuseContact", "nobody")]
    public async Task A_wrong_setting_stops_the_start_and_names_its_key(string key, string value)
    {
        var wrong = await Assert.ThrowsAsync<OptionsValidationException>(() => FingerServer.StartAsync(
            FingerServer.Echo, o => o.GetType().GetProperty(key)!.SetValue(o, Parsed(o, key, value))));

        Assert.StartsWith($"Finger:{key}: ", wrong.Message, StringComparison.Ordinal);
    }

    private static object? Parsed(FingerOptions o, string key, string value) =>
        System.ComponentModel.TypeDescriptor.GetConverter(o.GetType().GetProperty(key)!.PropertyType).ConvertFromInvariantString(value);

    private static AddressBlock Block(string address) => AddressBlock.Of(new IPEndPoint(IPAddress.Parse(address), 1));

    private static FingerResult? Visit(FingerGate gate, string from)
    {
        var result = gate.Enter(Block(from));
        gate.Leave(Block(from));
        return result;
    }

    private static Task Until(Func<bool> holds) => new StoppedTime().AdvanceUntilAsync(TimeSpan.Zero, holds);

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly List<string> _written = [];

        public IReadOnlyList<string> Written
        {
            get
            {
                lock (_written)
                {
                    return [.. _written];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) =>
            categoryName.EndsWith("FingerMeter", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_written)
            {
                _written.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
