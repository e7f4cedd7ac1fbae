extern alias agent;

using agent::Panel.Agent;

namespace Panel.Tests.Hosting;

public sealed class AgentUsersTests
{
    private static readonly UserFiles Others = new("eve:x:5000:5000::/home/eve:/bin/sh\n", "eve:*:::::::\n", "eve:x:5000:\n");

    [Fact]
    public void Lines_of_others_are_kept_and_ours_are_written()
    {
        var files = ExtraUsers.Render(Others, [new UnixUser("bob", 200_002, true), new UnixUser("ann", 200_001, false)], "/a");
        Assert.StartsWith(Others.Passwd, files.Passwd, StringComparison.Ordinal);
        Assert.Contains("ann:x:200001:200001::/a/ann/home:/usr/sbin/nologin\nbob:x:200002:200002::/a/bob/home:/usr/sbin/nologin\n", files.Passwd, StringComparison.Ordinal);
        Assert.Contains("ann:*:", files.Shadow, StringComparison.Ordinal);
        Assert.Contains("bob:!:", files.Shadow, StringComparison.Ordinal);
        Assert.Contains("panel-members:x:299999:ann,bob\n", files.Group, StringComparison.Ordinal);
    }

    [Fact]
    public void Writing_the_same_again_changes_nothing_and_reading_gives_what_was_written()
    {
        UnixUser[] users = [new("ann", 200_001, false), new("bob", 200_002, true)];
        var once = ExtraUsers.Render(Others, users, "/a");
        Assert.Equal(once, ExtraUsers.Render(once, users, "/a"));
        Assert.Equal(users, ExtraUsers.Parse(once, "/a").Values.OrderBy(u => u.Uid));
    }

    [Fact]
    public void Undo_leaves_exactly_the_lines_of_others() =>
        Assert.Equal(Others, ExtraUsers.Render(ExtraUsers.Render(Others, [new UnixUser("ann", 200_001, false)], "/a"), null, "/a"));

    [Fact]
    public void Members_of_another_instance_are_not_ours() =>
        Assert.Empty(ExtraUsers.Parse(ExtraUsers.Render(Others, [new UnixUser("ann", 200_001, false)], "/b"), "/a"));

    [Theory]
    [InlineData("passwd:         files systemd\ngroup: files\nhosts: files dns\n", "passwd:         files extrausers systemd\ngroup: files extrausers\nhosts: files dns\n")]
    [InlineData("# passwd: files\nshadow:\tfiles [NOTFOUND=return] nis", "# passwd: files\nshadow:\tfiles extrausers [NOTFOUND=return] nis")]
    [InlineData("passwd: files extrausers\n", "passwd: files extrausers\n")]
    public void Extrausers_is_asked_right_after_files(string before, string after) => Assert.Equal(after, NameSwitch.Add(before));

    [Fact]
    public void What_was_put_into_nsswitch_is_taken_out_to_the_byte()
    {
        const string Debian = "passwd:         files systemd\ngroup:          files systemd\nshadow:         files\n\nhosts: files dns\n";
        Assert.Equal(Debian, NameSwitch.Remove(NameSwitch.Add(Debian)));
    }
}
