extern alias agent;

using agent::Panel.Agent;

namespace Panel.Tests.Hosting;

/// <summary>The limits of the certificate authority (letsencrypt.org/docs/rate-limits), which are the house's and which one member must not use up.</summary>
public sealed class OrderBookTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly ManualTime time = new();

    public void Dispose() => folder.Dispose();

    [RootFact]
    public void Class_19_a_name_that_fails_is_asked_for_rarely_however_often_it_comes_and_goes()
    {
        var asked = new List<TimeSpan>();
        var start = time.GetUtcNow();
        for (var minute = 0; minute < 3 * 24 * 60; minute++, time.Advance(TimeSpan.FromMinutes(1)))
        {
            // As after a restart of the agent, with the domain taken away and added again.
            var book = Open();
            if (book.Rest("gone.example") is null)
            {
                asked.Add(time.GetUtcNow() - start);
                book.Note(OrderBook.New, "ann", "ann.web");
                book.Note(OrderBook.Refused, "ann", "gone.example", "gone.example: nobody\tknows\nit.");
            }

            var (until, why) = book.Rest("gone.example")!.Value;
            Assert.Equal("gone.example: nobody knows it.", why);
            Assert.InRange(until, time.GetUtcNow(), time.GetUtcNow() + TimeSpan.FromDays(1));
            Assert.Null(book.Rest("other.example"));
        }

        // Five failures of one name in an hour are allowed.
        Assert.All(asked, t => Assert.InRange(asked.Count(o => o >= t && o < t + TimeSpan.FromHours(1)), 1, 3));
        Assert.InRange(asked.Count, 6, 12);

        var issued = Open();
        issued.Note(OrderBook.Issued, "ann", "gone.example,web.example,ann.web", OrderBook.New);
        Assert.Null(issued.Rest("gone.example"));
        issued.Note(OrderBook.Refused, "ann", "gone.example", "again");
        Assert.Equal(time.GetUtcNow() + TimeSpan.FromMinutes(15), Open().Rest("gone.example")!.Value.Until);
    }

    [RootFact]
    public void Class_19_one_member_orders_a_part_of_what_the_house_may_and_the_house_never_more_than_it_may()
    {
        var book = Open();
        var first = time.GetUtcNow();
        for (var n = 0; n < 20; n++, time.Advance(TimeSpan.FromMinutes(1)))
        {
            Assert.Null(book.Limit("ann", Names($"a{n}.example"), isNew: true));
            book.Note(OrderBook.New, "ann", "ann.web");
        }

        var (until, why) = Open().Limit("ann", Names("a99.example"), isNew: true)!.Value;
        Assert.Equal(first + TimeSpan.FromHours(3), until);
        Assert.StartsWith("20 certificates were ordered for this account in 3 hours", why, StringComparison.Ordinal);
        Assert.Null(book.Limit("bob", Names("b.example"), isNew: true));
        Assert.Null(book.Limit("ann", Names("a1.example"), isNew: false));

        for (var n = 20; n < 280; n++)
        {
            book.Note(n % 2 == 0 ? OrderBook.New : OrderBook.Renewal, $"m{n}", "m.web");
        }

        Assert.Contains("The house has ordered", book.Limit("bob", Names("b.example"), isNew: true)!.Value.Why, StringComparison.Ordinal);
        Assert.Contains("The house has ordered", book.Limit("bob", Names("b.example"), isNew: false)!.Value.Why, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromHours(3));
        Assert.Null(book.Limit("ann", Names("a99.example"), isNew: true));
    }

    [RootFact]
    public void Class_19_sites_that_come_and_go_use_up_no_week_of_the_houses_own_domain()
    {
        var book = Open();
        var first = time.GetUtcNow();
        for (var n = 0; n < 12; n++, time.Advance(TimeSpan.FromHours(4)))
        {
            Assert.Null(book.Limit("ann", Names($"s{n}.ann.house.example"), isNew: true));
            book.Note(OrderBook.Issued, "ann", $"s{n}.ann.house.example,ann.s{n}", OrderBook.New);
            book.Note(OrderBook.Issued, "ann", $"s{n}.ann.house.example,ann.s{n}", OrderBook.Renewal);
        }

        Assert.Equal(first + TimeSpan.FromDays(7), Open().Limit("ann", Names("s12.ann.house.example"), isNew: true)!.Value.Until);
        Assert.Null(book.Limit("ann", Names("s1.ann.house.example"), isNew: false));
        Assert.Null(book.Limit("ann", Names("annart.example"), isNew: true));
        for (var n = 12; n < 45; n++)
        {
            Assert.Null(book.Limit($"m{n}", Names($"web.m{n}.house.example"), isNew: true));
            book.Note(OrderBook.Issued, $"m{n}", $"web.m{n}.house.example", OrderBook.New);
        }

        Assert.StartsWith("As many certificates below house.example", book.Limit("bob", Names("web.bob.house.example"), isNew: true)!.Value.Why, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromDays(8));
        Assert.Null(Open().Limit("bob", Names("web.bob.house.example"), isNew: true));
    }

    [Theory]
    [InlineData("web.ann.house.example", "house.example")]
    [InlineData("house.example", "house.example")]
    [InlineData("*.annart.example", "annart.example")]
    [InlineData("www.art.co.uk", "art.co.uk")]
    [InlineData("co.uk", "co.uk")]
    [InlineData("a.b.art.de", "art.de")]
    [InlineData("localhost", "localhost")]
    public void A_name_counts_to_the_domain_that_was_registered(string name, string domain) => Assert.Equal(domain, OrderBook.Registered(name));

    [RootFact]
    public void A_book_holds_a_week_and_a_clock_that_stood_wrong_shuts_it_for_nobody()
    {
        File.WriteAllText(folder.In("book"), $"{time.GetUtcNow().AddYears(1):O}\trefused\tann\ta.example\tin a year that has not come\n");
        for (var hour = 0; hour < 20 * 24; hour++, time.Advance(TimeSpan.FromHours(1)))
        {
            Open().Note(OrderBook.New, "bob", "bob.web");
        }

        Assert.Equal(7 * 24 + 1, File.ReadAllLines(folder.In("book")).Length);
        Assert.Null(Open().Rest("a.example"));
    }

    [RootFact]
    public void A_book_with_nonsense_in_it_is_read_as_far_as_it_goes()
    {
        File.WriteAllText(folder.In("book"), $"nonsense\n\nyesterday\trefused\tann\ta.example\tx\n{time.GetUtcNow():O}\trefused\tann\ta.example\tright\n");
        Assert.Equal("right", Open().Rest("a.example")!.Value.Why);
    }

    private OrderBook Open() => new(folder.In("book"), TimeSpan.FromMinutes(15), time);

    private static HashSet<string> Names(params string[] names) => [.. names];
}
