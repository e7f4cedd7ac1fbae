using System.Text;
using Panel.Services.Finger;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;
using Xunit;

namespace Panel.Tests.Finger;

public class FingerReplyTests
{
    private static readonly FingerReply Reply = new("collective.example", "https://panel.example");

    private static readonly FingerCard Ann = new("ann", "Ann Artist")
    {
        WebPage = "https://ann.example/",
        Posts = [new PostLine(7, "The \"big\" stairs", new DateTime(2026, 11, 20, 8, 5, 0, DateTimeKind.Utc)), new PostLine(3, "First", new DateTime(2026, 11, 19, 8, 5, 0, DateTimeKind.Utc))],
        Following = [new ThimblFollowing("bob", "bob@other.example")],
        Keys = ["SHA256:Zm9v (ssh-ed25519)"],
        Project = "The stairwell",
        Plan = "Painting.\nOpening on Friday, bring a chair.\n",
        PlanWrittenAt = new DateTime(2026, 11, 22, 15, 40, 59, DateTimeKind.Utc),
    };

    [Fact]
    public void R7_a_member_is_shown_with_the_full_name_and_the_plan_at_the_end() =>
        Assert.Equal(
            "Login: ann\r\nName: Ann Artist\r\nAddress: ann@collective.example\r\nWeb page: https://ann.example/\r\n" +
            "Last post: 2026-11-20 08:05 UTC\r\nProject: The stairwell\r\nPlan:\r\nPainting.\r\nOpening on Friday, bring a chair.\r\n\r\n" +
            "{\r\n\"address\": \"ann@collective.example\",\r\n\"name\": \"Ann Artist\",\r\n\"bio\": \"The stairwell\",\r\n\"messages\": [\r\n" +
            "{\"text\": \"First\", \"time\": \"20261119080500\"},\r\n{\"text\": \"The \\\"big\\\" stairs\", \"time\": \"20261120080500\"}\r\n],\r\n" +
            "\"following\": [\r\n{\"nick\": \"bob\", \"address\": \"bob@other.example\"}\r\n],\r\n\"replies\": {},\r\n\"properties\": {\"website\": \"https://ann.example/\"}\r\n}\r\n",
            Shown(Ann));

    [Fact]
    public void R7_a_wide_answer_adds_posts_key_fingerprints_feeds_and_when() =>
        Assert.Contains(
            "On the web: https://panel.example/~ann\r\nFeed: https://panel.example/~ann/atom.xml\r\nFeed: https://panel.example/~ann/feed.json\r\n" +
            "Feed: https://panel.example/~ann/twtxt.txt\r\nSSH key: SHA256:Zm9v (ssh-ed25519)\r\nPlan of: 2026-11-22 15:40 UTC\r\nProject: The stairwell\r\n" +
            "Posts:\r\n  2026-11-20 08:05 UTC  The \"big\" stairs\r\n  2026-11-19 08:05 UTC  First\r\nPlan:\r\n",
            Shown(Ann, wide: true), StringComparison.Ordinal);

    [Fact]
    public void R10_a_wide_answer_is_the_short_one_where_there_is_nothing_to_add()
    {
        var bare = new FingerReply("collective.example");
        var card = Ann with { PlanWrittenAt = null, Posts = [], Keys = [] };

        Assert.Equal(bare.Render(card, wide: false), bare.Render(card, wide: true));
    }

    [Theory]
    [InlineData(FingerParts.Address, "ann@collective.example")]
    [InlineData(FingerParts.WebPage, "https://ann.example/")]
    [InlineData(FingerParts.LastPost, "2026-11-20")]
    [InlineData(FingerParts.LastPost, "messages")]
    [InlineData(FingerParts.Project, "stairwell")]
    [InlineData(FingerParts.Plan, "Painting")]
    [InlineData(FingerParts.Keys, "SHA256:")]
    public void R8_R15_each_part_can_be_switched_off_by_the_member(FingerParts part, string sign)
    {
        var without = Shown(Ann with { Shows = FingerParts.All & ~part }, wide: true);

        Assert.DoesNotContain(sign, without, StringComparison.Ordinal);
        Assert.Contains("Name: Ann Artist\r\n", without, StringComparison.Ordinal);
        Assert.Contains(sign, Shown(Ann, wide: true), StringComparison.Ordinal);
    }

    [Fact]
    public void R15_with_everything_off_the_full_name_is_left() =>
        Assert.Equal("Login: ann\r\nName: Ann Artist\r\nNo Plan.\r\n", Shown(Ann with { Shows = FingerParts.None }));

    [Fact]
    public void R8_the_admin_can_switch_plans_off()
    {
        var shown = Encoding.UTF8.GetString(new FingerReply("h", null, plans: false).Render(Ann, wide: true));

        Assert.DoesNotContain("Painting", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("Plan of", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void R6_the_list_has_full_names_is_sorted_and_cut()
    {
        FingerCard[] cards = [new("zoe", "Zoë Z"), new("ann", "Ann Artist"), new("bob-the-builder", "Bob")];

        Assert.Equal("Login            Name\r\nann              Ann Artist\r\nbob-the-builder  Bob\r\nzoe              Zoë Z\r\n", List(cards, 3));
        Assert.Equal("Login            Name\r\nann              Ann Artist\r\nbob-the-builder  Bob\r\nThere are more; please ask for them by name.\r\n", List(cards, 2));
        Assert.Equal("Nobody here has chosen to be listed.\r\n", List([], 2));
    }

    [Fact]
    public void Nothing_a_member_writes_looks_like_another_line_of_the_answer()
    {
        var shown = Shown(new FingerCard("ann", "Ann\r\nPlan:\r\nforged") { Project = "p\nPlan:", WebPage = "w\r\nx" });

        Assert.Equal("Login: ann\r\nName: Ann^M^JPlan:^M^Jforged\r\nAddress: ann@collective.example\r\nWeb page: w^M^Jx\r\nProject: p^JPlan:\r\nNo Plan.\r\n", shown);
    }

    private static string Shown(FingerCard card, bool wide = false) => Encoding.UTF8.GetString(Reply.Render(card, wide));

    private static string List(IEnumerable<FingerCard> cards, int most) => Encoding.UTF8.GetString(FingerReply.RenderList(cards, most));
}
