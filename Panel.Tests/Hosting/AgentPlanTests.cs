extern alias agent;

using agent::Panel.Agent;
using agent::Panel.Hosting;

namespace Panel.Tests.Hosting;

public sealed class AgentPlanTests
{
    private static readonly Links Web = new(new Dictionary<string, string> { ["public"] = "/a/ann/sites/web/public" });

    private static readonly HostView Bare = new(new Layout("/srv/panel/x", "/run/panel/x"), new Vhosts(new Layout("/srv/panel/x", "/run/panel/x")), new HashSet<string>(),
        new Occupants(new Dictionary<string, UnixUser>(), Array.Empty<UnixUser>().ToLookup(u => u.Uid)), []);

    private static readonly AccountShape Ann = new(
        new UnixUser("ann", 200_001, false), true, 1000, new HashSet<string> { "web" },
        new Dictionary<string, Links> { ["web.ann.localhost"] = Web }, "pool", "ssh-ed25519 AAAA\n", true);

    [Fact]
    public void Nothing_is_planned_for_what_is_already_so() => Assert.Empty(Of(Ann, Ann));

    [Fact]
    public void A_new_account_is_made_user_before_home_before_pool_before_site_before_keys() => Assert.Equal(
        [Act.MakeUser, Act.MakeTree, Act.SetLimit, Act.MakeSite, Act.WritePool, Act.PutVhost, Act.WriteKeys],
        Of(Ann, AccountShape.Nothing));

    [Fact]
    public void A_removed_account_leaves_service_before_its_user_and_home_go() => Assert.Equal(
        [Act.DropVhost, Act.DropKeys, Act.DropPool, Act.EndProcesses, Act.DropUser, Act.DropTree],
        Of(AccountShape.Nothing, Ann));

    [Fact]
    public void Certificates_and_their_keys_go_with_an_account_that_is_served_elsewhere_or_erased_and_wait_with_one_that_was_removed()
    {
        bool Stay(AccountStatus status, AccountHold hold) => Wanted.Of(new AccountState("ann", 200_001, 1, status, null, [], [], Hold: hold), Bare).Wanted!.Shape.Certificates;
        Assert.Equal([Act.DropCertificates], Of(Ann with { Certificates = false }, Ann));
        Assert.Empty(Of(Ann with { Certificates = false }, Ann with { Certificates = false }));
        Assert.True((Ann with { Certificates = false }).Keeping(Ann).Certificates);
        Assert.False(Stay(AccountStatus.Active, AccountHold.Kept) || Stay(AccountStatus.Erased, AccountHold.None));
        Assert.True(Stay(AccountStatus.Removed, AccountHold.None) && Stay(AccountStatus.Suspended, AccountHold.None) && Stay(AccountStatus.Active, AccountHold.Leaving));
    }

    [Fact]
    public void A_suspended_account_is_locked_and_its_processes_end_after_its_ways_in_are_closed()
    {
        var suspended = Ann with { User = new UnixUser("ann", 200_001, true), Pool = null, Keys = null, Processes = false };
        Assert.Equal([Act.MakeUser, Act.DropKeys, Act.DropPool, Act.EndProcesses], Of(suspended, Ann));
    }

    [Fact]
    public void A_site_that_is_no_more_goes_and_the_account_stays() => Assert.Equal(
        [Act.DropVhost, Act.DropSite],
        Of(Ann with { Sites = new HashSet<string>(), Vhosts = new Dictionary<string, Links>() }, Ann));

    [Fact]
    public void A_vhost_changed_by_hand_is_put_back() => Assert.Equal(
        [Act.PutVhost],
        Of(Ann, Ann with { Vhosts = new Dictionary<string, Links> { ["web.ann.localhost"] = new Links([KeyValuePair.Create("public", "/elsewhere")]) } }));

    [Fact]
    public void Limits_are_not_set_where_nothing_enforces_them() =>
        Assert.Empty(Plan.Of("ann", Ann, Ann with { Limit = null }, enforced: false));

    [Fact]
    public void After_a_restore_nothing_that_is_there_is_taken_away()
    {
        var restored = Ann with { Sites = new HashSet<string>(), Vhosts = new Dictionary<string, Links>(), Pool = null, Keys = "ssh-ed25519 BBBB\n" };
        var keeping = restored.Keeping(Ann);
        Assert.Equal([Act.WriteKeys], Of(keeping, Ann));
        Assert.Equal("ssh-ed25519 AAAA\nssh-ed25519 BBBB\n", keeping.Keys);
    }

    private static IEnumerable<Act> Of(AccountShape wanted, AccountShape found) =>
        Plan.Of("ann", wanted, found, enforced: true).Select(s => s.Act);
}
