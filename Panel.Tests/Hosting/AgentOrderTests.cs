extern alias agent;

using agent::Panel.Agent;
using agent::Panel.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>A member's names that fail, against a real authority with the house's own pauses.</summary>
public sealed class AgentOrderTests : IAsyncLifetime, IDisposable
{
    private readonly AgentMachine machine = new();
    private readonly NameServer dns = new();
    private Pebble pebble = null!;

    public async Task InitializeAsync()
    {
        pebble = await Pebble.StartAsync(dns, machine.HttpPort, 3600);
        machine.Set("Hosting__Acme__Directory", pebble.Address.AbsoluteUri);
        machine.Set("Hosting__Acme__CaFile", pebble.CaFile);
        machine.Set("Hosting__Acme__Email", "admin@house.example");
        await machine.InitializeAsync();
    }

    public Task DisposeAsync() => machine.DisposeAsync();

    public void Dispose()
    {
        machine.Dispose();
        dns.Dispose();
        pebble.Dispose();
    }

    [RootFact]
    public async Task Class_19_a_domain_that_fails_again_and_again_is_asked_for_once_and_its_owner_is_told_when_next()
    {
        await dns.AddressAsync("elsewhere.example", "127.0.0.9");
        var ann = Account("ann", 290_371, machine.PublicKey, Site("ann", "web", SiteKind.Static, "annart.example"));
        await machine.Panel.SayAsync(ann);
        await UntilAsync(() => Task.FromResult(Book().Count(l => l[1] == OrderBook.Issued) == 1));
        var failing = ann with { Sites = [Site("ann", "web", SiteKind.Static, "annart.example", "elsewhere.example")] };
        await machine.Panel.SayAsync(failing);
        var first = await FailedAsync(0);
        Assert.Matches(@"elsewhere\.example: the certificate authority could not reach this name.* It is tried again at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", first.Message);

        for (var n = 0; n < 2; n++)
        {
            var without = await machine.Panel.SayAsync(ann);
            Assert.DoesNotContain(without.Items, i => i.Kind == "certificate" && i.State == ItemState.Failed);
            var with = await machine.Panel.SayAsync(failing);
            Assert.Equal(first.Message, (await FailedAsync(with.Revision)).Message);
        }

        Assert.Single(Book(), l => l[1] == OrderBook.Refused);
        Assert.InRange(Book().Count(l => l[1] is OrderBook.New or OrderBook.Renewal), 2, 3);

        // Neither a member nor lego's user reads or writes the book.
        foreach (var uid in new[] { 290_371, Identity.AcmeId })
        {
            Assert.NotEqual(0, (await machine.InsideAsync("setpriv", $"--reuid={uid}", $"--regid={uid}", "--clear-groups", "cat", BookFile)).Code);
        }
    }

    private string BookFile => $"/srv/panel/{machine.Id}/acme-requests/book";

    private List<string[]> Book() => File.Exists(BookFile) ? [.. File.ReadAllLines(BookFile).Select(l => l.Split('\t'))] : [];

    private async Task<ItemReport> FailedAsync(long since)
    {
        static bool Is(ItemReport item) => item is { Kind: "certificate", State: ItemState.Failed };
        return (await machine.Panel.HeardAsync(r => r.Accounts.Any(a => a.Handle == "ann" && a.Revision >= since && a.Items.Any(Is)))).Accounts.Single(a => a.Handle == "ann").Items.Single(Is);
    }
}
