using Panel.Services.Newsletters.Importing;

namespace Panel.Tests.Newsletters;

public sealed class FingerprintsTests
{
    [Fact]
    public void Every_fingerprint_is_new_once_also_zero_and_through_every_growth()
    {
        var (prints, plain, chance) = (new Fingerprints(), new HashSet<ulong>(), new Random(20261123));
        // Few different ones that all begin in the same slot, and many random ones, each twice.
        foreach (var print in Enumerable.Range(2, 500).Select(n => (ulong)n << 40).Concat(Enumerable.Range(0, 50_000).Select(_ => (ulong)chance.NextInt64(2, 40_000))))
        {
            Assert.Equal(plain.Add(print), prints.Add(print));
        }

        Assert.True(prints.Add(0));
        Assert.False(prints.Add(0));
        Assert.Equal(plain.Count + 1, prints.Count);
    }
}
