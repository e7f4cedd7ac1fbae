using System.Globalization;

namespace Panel.Agent;

/// <summary>What the certificate authority was asked in the last week and what it refused, on disk: neither a restart nor a name that is taken
/// away and added again forgets it. Keeps below the limits of Let's Encrypt (letsencrypt.org/docs/rate-limits), and no member uses up the house's.</summary>
internal sealed class OrderBook
{
    public const string New = "new", Renewal = "renewal", Refused = "refused", Issued = "issued";

    // 300 orders of an account in 3 hours; 50 certificates of a registered domain in a week, to which renewals do not count.
    private const int HouseOrders = 280, MemberOrders = 20, DomainWeek = 45, MemberWeek = 12;

    private static readonly TimeSpan Hours = TimeSpan.FromHours(3), Week = TimeSpan.FromDays(7), Longest = TimeSpan.FromDays(1);

    private readonly string file;
    private readonly TimeSpan retry;
    private readonly TimeProvider time;
    private readonly List<Entry> entries;

    public OrderBook(string file, TimeSpan retry, TimeProvider time)
    {
        (this.file, this.retry, this.time) = (file, retry, time);
        entries = [.. (Files.ReadOrNull(file) ?? "").Split('\n').Select(l => l.Split('\t', 5))
            .Where(c => c.Length == 5 && DateTimeOffset.TryParse(c[0], CultureInfo.InvariantCulture, out _)).Select(c => new Entry(DateTimeOffset.Parse(c[0], CultureInfo.InvariantCulture), c[1], c[2], c[3], c[4]))];
    }

    /// <param name="about">Names with commas, or the id of a site when the authority spoke of no name.</param>
    public void Note(string kind, string handle, string about, string words = "")
    {
        entries.Add(new Entry(time.GetUtcNow(), kind, handle, about, words.ReplaceLineEndings(" ").Replace('\t', ' ')));
        entries.RemoveAll(e => (time.GetUtcNow() - e.At).Duration() > Week);
        Files.Put(file, string.Concat(entries.Select(e => $"{e.At:O}\t{e.Kind}\t{e.Handle}\t{e.About}\t{e.Words}\n")), Modes.Secret);
    }

    /// <summary>Until when this name or site rests after it was refused, and why; null when it may be asked for. A quarter of an hour, then twice
    /// as long each time, at most a day: three times in the first hour, where five are allowed.</summary>
    public (DateTimeOffset Until, string Why)? Rest(string about)
    {
        var refused = entries.Where(e => e.About == about || (e.Kind == Issued && e.About.Split(',').Contains(about))).Reverse().TakeWhile(e => e.Kind != Issued).Where(e => e.Kind == Refused).ToList();
        return refused.Count > 0 && refused[0].At + Times(refused.Count - 1) is var until && until > time.GetUtcNow() ? (until, refused[0].Words) : null;
    }

    /// <summary>Until when the limits keep a member from ordering for these names, and which; null when they do not.</summary>
    public (DateTimeOffset Until, string Why)? Limit(string handle, IReadOnlySet<string> names, bool isNew)
    {
        var orders = entries.Where(e => e.Kind is New or Renewal).ToList();
        (IEnumerable<Entry>, int, TimeSpan, string)[] rules =
        [
            (orders, HouseOrders, Hours, "The house has ordered as many certificates as the certificate authority allows in 3 hours."),
            .. !isNew ? [] : names.Select(Registered).Distinct().SelectMany(d => Weekly(handle, d)).Prepend(
                (orders.Where(e => e.Handle == handle && e.Kind == New), MemberOrders, Hours, $"{MemberOrders} certificates were ordered for this account in 3 hours, which is its part of what the house may order.")),
        ];
        return rules.Select(r => (Within: r.Item1.Where(e => e.At > time.GetUtcNow() - r.Item3).ToList(), r.Item2, r.Item3, r.Item4)).Where(r => r.Within.Count >= r.Item2)
            .Select(r => ((DateTimeOffset, string)?)(r.Within[^r.Item2].At + r.Item3, r.Item4)).FirstOrDefault();
    }

    // Two labels, or three below one like co.uk: no list of public suffixes. Whom it lacks is held back too soon, never too late.
    public static string Registered(string name) => string.Join('.', name.Split('.').TakeLast(
        name.Split('.') is [.., "co" or "com" or "net" or "org" or "gov" or "edu" or "ac" or "or" or "ne" or "gv", { Length: 2 }] ? 3 : 2));

    private IEnumerable<(IEnumerable<Entry>, int, TimeSpan, string)> Weekly(string handle, string domain)
    {
        var issued = entries.Where(e => e.Kind == Issued && e.Words == New && e.About.Split(',').Any(n => Registered(n) == domain)).ToList();
        yield return (issued, DomainWeek, Week, $"As many certificates below {domain} were issued as the certificate authority allows in a week.");
        yield return (issued.Where(e => e.Handle == handle), MemberWeek, Week, $"{MemberWeek} certificates below {domain} were issued for this account in a week, which is its part of what the house may have.");
    }

    private TimeSpan Times(int before) => TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds, retry.TotalSeconds * Math.Pow(2, Math.Min(before, 20))));

    private sealed record Entry(DateTimeOffset At, string Kind, string Handle, string About, string Words);
}
