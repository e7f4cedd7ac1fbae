using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

public class DomainNameTests
{
    /// <summary>Also tried on the whole program, where each must leave nothing behind.</summary>
    public static readonly string[] Typed =
    [
        "", " ", ".", "..", "a..b.example", ".ann.example", "ann", "-ann.example", "ann-.example", "ann.example..", "ann_art.example",
        "ann.example;", "ann.example; return 200", "ann.example {", "}", "ann.example\nserver_name evil", "ann.example\n", "\nann.example", "ann.example\r", "ann.example\0",
        "ann.example\t", "ann example", "\"ann.example\"", "'ann.example'", "`id`.example", "$(id).example", "$host", "ann.example#", "ann.example\\", "%2e%2e.example",
        "../ann.example", "ann.example/../..", "http://ann.example", "ann.example:80", "me@ann.example", "//ann.example", "*ann.example", "*.*.ann.example", "a.*.ann.example", "*.ann", "*.", "*", "~^.*$",
        "127.0.0.1", "[::1]", "::1", "ann.1", "0x7f.1", "ann.localhost", "localhost", "ann.local", "ann.onion", "1.in-addr.arpa", "ann.invalid",
        "xn--.example", "xn--a.example", "xn--zz--zz.example", "XN--99999999999.example", "ab--cd.example", "ann\u0000.example", "ann\u200b.example", "ann\u202eelpmaxe.example",
        "p\u0430ypal.example", "\u0440\u0430\u0443\u0440\u0430\u04cf.example", "g\u03bf\u03bfgle.example", "xn--pypal-4ve.example", "\u2603.example",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
    ];

    public static TheoryData<string> Hostile => [.. Typed];

    [Theory, MemberData(nameof(Hostile))]
    public void What_is_no_domain_is_refused_in_words(string typed)
    {
        var refused = DomainName.Parse(typed, "name").Refused;

        Assert.NotNull(refused);
        Assert.EndsWith(".", refused.Message, StringComparison.Ordinal);
        Assert.Equal("name", refused.Field);
    }

    [Fact]
    public void All_names_below_one_are_read_only_where_that_is_asked_for()
    {
        Assert.Equal(("*.xn--bcher-kva.example", "*.b\u00fccher.example"), DomainName.ParseServed(" *.B\u00fccher.example. ", "name").Value is { } name ? (name.Ascii, name.Unicode) : default);
        Assert.NotNull(DomainName.Parse("*.ann.example", "name").Refused);
        Assert.All(Typed, t => Assert.NotNull(DomainName.ParseServed(t, "name").Refused));
    }

    [Theory]
    [InlineData("ann.example", "ann.example", "ann.example")]
    [InlineData("ANN.Example.", "ann.example", "ann.example")]
    [InlineData(" www.ann.example ", "www.ann.example", "www.ann.example")]
    [InlineData("a-b.c-d.museum", "a-b.c-d.museum", "a-b.c-d.museum")]
    [InlineData("1und1.example", "1und1.example", "1und1.example")]
    [InlineData("b\u00fccher.example", "xn--bcher-kva.example", "b\u00fccher.example")]
    [InlineData("B\u00dcCHER.example", "xn--bcher-kva.example", "b\u00fccher.example")]
    [InlineData("xn--bcher-kva.example", "xn--bcher-kva.example", "b\u00fccher.example")]
    [InlineData("\u043f\u0440\u0438\u0432\u0435\u0442.example", "xn--b1agh1afp.example", "\u043f\u0440\u0438\u0432\u0435\u0442.example")]
    [InlineData("ann\u3002example", "ann.example", "ann.example")]
    public void A_domain_is_kept_as_a_label_and_shown_as_written(string typed, string ascii, string unicode)
    {
        var parsed = DomainName.Parse(typed, "name");

        Assert.Null(parsed.Refused);
        Assert.Equal((ascii, unicode), (parsed.Value!.Ascii, parsed.Value.Unicode));
    }

    [Theory]
    [InlineData("ann.example", "ann.example", true)]
    [InlineData("www.ann.example", "ann.example", true)]
    [InlineData("joann.example", "ann.example", false)]
    [InlineData("ann.example", "www.ann.example", false)]
    public void Within_is_by_whole_labels(string name, string other, bool within) => Assert.Equal(within, DomainName.IsWithin(name, other));

    [Fact]
    public void Above_are_all_parents_but_the_top_level() => Assert.Equal(["b.c.example", "c.example"], DomainName.Above("a.b.c.example"));
}
