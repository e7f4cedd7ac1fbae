using System.Diagnostics;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Panel.Services.Finger;

namespace Panel.Tests.Finger;

public class FingerDeskTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Another_node_is_a_second_behind_at_most(string provider)
    {
        var time = new ManualTime();
        using var app = new PanelApp(provider) { Time = time };
        await app.MemberAsync("ann");
        var other = ActivatorUtilities.CreateInstance<FingerDesk>(app.Services);
        Assert.Contains("No Plan.", await other.AskAsync("ann"), StringComparison.Ordinal);

        await app.SetAsync("ann", new FingerChanges(Plan: "news"));
        Assert.Contains("No Plan.", await other.AskAsync("ann"), StringComparison.Ordinal);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("news", await other.AskAsync("ann"), StringComparison.Ordinal);

        await app.SuspendAsync("ann");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("nobody", await other.AskAsync("ann"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_member_is_answered_for_although_the_handle_was_asked_before()
    {
        var time = new ManualTime();
        using var app = new PanelApp { Time = time };
        Assert.Contains("nobody", await app.AskAsync("ann"), StringComparison.Ordinal);

        await app.MemberAsync("ann");
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.StartsWith("Login: ann\r\n", await app.AskAsync("ann"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task R18_hidden_suspended_and_unknown_cost_the_same_statements()
    {
        using var app = new PanelApp { Time = new ManualTime() };
        foreach (var handle in new[] { "hidden", "suspended" })
        {
            await app.MemberAsync(handle);
            await app.SetAsync(handle, new FingerChanges(Plan: "secret"));
        }

        await app.SetAsync("hidden", new FingerChanges(Hidden: true));
        await app.SuspendAsync("suspended");
        app.Forget();
        await app.AskAsync("somebody");
        using var statements = new Statements();

        var unknown = await statements.OfAsync(() => app.AskAsync("unknown"));

        Assert.NotEmpty(unknown);
        Assert.Equal(unknown, await statements.OfAsync(() => app.AskAsync("hidden")));
        Assert.Equal(unknown, await statements.OfAsync(() => app.AskAsync("suspended")));
        Assert.Empty(await statements.OfAsync(() => app.AskAsync("unknown")));
        Assert.Empty(await statements.OfAsync(() => app.AskAsync("hidden")));
    }

    [Fact]
    public void The_cache_never_grows_past_its_bound()
    {
        var cache = new FingerCache(1);
        var bytes = new byte[64 * 1024];
        for (var i = 0; i < 10_000; i++)
        {
            cache.Put(new FingerQuery($"{i}", false, []), new KeptAnswer(new FingerAnswer(FingerResult.Shown, bytes), null));
        }

        Assert.InRange(Enumerable.Range(0, 10_000).Count(i => cache.TryGet(new FingerQuery($"{i}", false, []), out _)), 400, 1_100);
    }

    /// <summary>The texts of the statements that one act sends to the database, whatever else goes on beside it.</summary>
    private sealed class Statements : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly List<string> _seen = [];
        private readonly List<IDisposable> _subscriptions = [];
        private readonly AsyncLocal<bool> _watching = new();

        public Statements() => _subscriptions.Add(DiagnosticListener.AllListeners.Subscribe(this));

        public async Task<IReadOnlyList<string>> OfAsync(Func<Task<string>> act)
        {
            lock (_seen)
            {
                _seen.Clear();
            }

            _watching.Value = true;
            await act();
            lock (_seen)
            {
                return [.. _seen];
            }
        }

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "Microsoft.EntityFrameworkCore")
            {
                _subscriptions.Add(value.Subscribe(this));
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is CommandExecutedEventData done && _watching.Value)
            {
                lock (_seen)
                {
                    _seen.Add(done.Command.CommandText);
                }
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void Dispose() => _subscriptions.ForEach(s => s.Dispose());
    }
}
