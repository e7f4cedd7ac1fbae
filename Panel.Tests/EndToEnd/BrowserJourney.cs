using System.Globalization;
using System.Text.RegularExpressions;

namespace Panel.Tests.EndToEnd;

/// <summary>The main job as its people do it, in a real browser on real parts: from the one-time link to the reason why
/// somebody got nothing.</summary>
[Collection(Journeys.Name)]
public sealed partial class BrowserJourney(House house, BrowserFixture fixture) : IClassFixture<BrowserFixture>
{
    private const string Password = "correct horse battery staple";

    [Fact]
    public async Task From_the_first_link_to_an_issue_that_skips_who_left()
    {
        var admin = await Visit.StartAsync(fixture.Browser, house.Address);
        var mira = await Visit.StartAsync(fixture.Browser, house.Address);
        var visitor = await Visit.StartAsync(fixture.Browser, house.Address);

        var invitation = await OpenTheHouseAsync(admin);
        await JoinAsync(mira, invitation);
        await PutPagesUpAsync(mira);
        await WriteThePlanAsync(mira);
        await MakeAListAsync(mira, admin);
        await SignUpAsync(visitor);
        await SendAsync(mira, "Opening on Friday", schedule: true, seen: "1 of 1");
        await LeaveByOneClickAsync();
        await house.PanelAsync("subscriber", "import", "mira/letters", await FileAsync("friend.csv", "email\nfriend@example.net\n"), "--consent", "signed the paper list in May");
        await SendAsync(mira, "Thank you", schedule: false, seen: "Left the list");

        Assert.Empty(admin.Complaints.Concat(mira.Complaints).Concat(visitor.Complaints));
        Assert.Null((await house.PanelAsync("audit", "--verify"))["broken"]);
    }

    private async Task<string> OpenTheHouseAsync(Visit admin)
    {
        await admin.GoAsync(house.FirstLink.ToString());
        await admin.FillAsync("Handle", "anna");
        await admin.FillAsync("E-mail", "anna@example.org");
        await admin.FillAsync("Name", "Anna Admin");
        await admin.FillAsync("Password", Password);
        await admin.PressAsync("Open the house");

        await admin.GoAsync("/members/new");
        await admin.FillAsync("Handle", "mira");
        await admin.FillAsync("E-mail", "mira@example.org");
        await admin.PressAsync("Invite");
        return await admin.TextAsync(".copy code");
    }

    private static async Task JoinAsync(Visit mira, string invitation)
    {
        await mira.GoAsync(invitation);
        await mira.FillAsync("Name", "Mira Maler");
        await mira.FillAsync("Password", Password);
        await mira.PressAsync("Join");
    }

    private async Task PutPagesUpAsync(Visit mira)
    {
        var key = Path.Combine(house.Folder, "mira-key");
        await house.RunAsync("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "mira", "-f", key);
        await mira.GoAsync("/keys");
        await mira.FillAsync("Public key", await File.ReadAllTextAsync(key + ".pub"));
        await mira.PressAsync("Add the key");
        foreach (var (name, kind, file, content) in new[] { ("web", "Files", "index.html", "Hello from Mira\n"), ("app", "PHP", "index.php", "<?php echo posix_getuid();") })
        {
            await mira.GoAsync("/sites/new");
            await mira.FillAsync("Name", name);
            await mira.Page.GetByLabel(kind, new() { Exact = false }).First.CheckAsync();
            await mira.PressAsync("Add the site");
            await mira.SeeAsync("Live");

            var site = await house.PanelAsync("site", "show", "mira", name);
            var batch = await FileAsync($"{name}.batch", $"put {await FileAsync(file, content)} {site["sftp"]!["path"]}/{file}\n");
            await House.UntilAsync(async () => (await house.RunAsync(
                "sftp", "-q", "-b", batch, "-i", key, "-P", site["sftp"]!["port"]!.ToString(), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "BatchMode=yes", "mira@127.0.0.1")).Code == 0 ? site : null, $"The upload to {name}");
            var expected = name == "web" ? content.Trim() : (await house.RunAsync("id", "-u", "mira")).Output.Trim();
            await House.UntilAsync(async () => (await house.RunAsync("curl", "-fsS", "--max-time", "10", site["url"]!.ToString())).Output.Trim() == expected ? site : null, $"The page of {name}");
        }
    }

    private async Task WriteThePlanAsync(Visit mira)
    {
        await mira.GoAsync("/finger");
        await mira.FillAsync("Plan", "Painting the stairwell.\nBring a chair on Friday.");
        await mira.PressAsync("Save");
        await mira.GoAsync("/finger");
        var shown = await mira.TextAsync("#preview pre");

        var (_, printed) = await house.RunAsync("finger", "mira@localhost");

        Assert.Contains("Bring a chair on Friday.", shown, StringComparison.Ordinal);
        Assert.EndsWith(shown.ReplaceLineEndings("\n"), printed.Replace("\r", "", StringComparison.Ordinal).TrimEnd(), StringComparison.Ordinal);
    }

    private static async Task MakeAListAsync(Visit mira, Visit admin)
    {
        await mira.GoAsync("/newsletters/new");
        await mira.FillAsync("Title", "Studio letters");
        await mira.FillAsync("Short name", "letters");
        await mira.FillAsync("Who writes", "Mira Maler <letters@mira.example>");
        await mira.FillAsync("Postal address", "Mira Maler, Stairwell 3, 8000 Zürich");
        await mira.PressAsync("Add the list");
        await mira.SeeAsync("Sending waits for an admin");
        await admin.GoAsync("/sender-domains");
        await admin.PressAsync("Approve mira.example");
        await admin.SeeAsync("Approved");
    }

    private async Task SignUpAsync(Visit visitor)
    {
        await visitor.GoAsync("/lists/mira/letters");
        await visitor.FillAsync("Your e-mail address", "guest@example.net");
        await visitor.PressAsync("Sign up");
        await visitor.SeeAsync("Look into your mailbox");
        var mail = await house.MailToAsync("guest@example.net", "Auto-Submitted: auto-generated");
        var body = mail[(mail.IndexOf("base64", StringComparison.Ordinal) + "base64".Length)..].Trim();
        var text = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(body.ReplaceLineEndings("")));
        await visitor.GoAsync(ConfirmLink().Match(text).Value);
        await visitor.PressAsync("Yes, send me Studio letters");
        await visitor.SeeAsync("You are on the list");
    }

    private static async Task SendAsync(Visit mira, string subject, bool schedule, string seen)
    {
        await mira.GoAsync("/newsletters/letters/issues/new");
        await mira.FillAsync("Subject", subject);
        await mira.Page.FillAsync("[name='Form.Markdown']", "# Hello\n\nOn Friday, {name|friend}.");
        await mira.PressAsync("To the last screen before sending");
        if (schedule)
        {
            // The field counts in minutes: the next full one is between a moment and a minute away.
            var at = DateTime.UtcNow.AddSeconds(65);
            await mira.FillAsync("Not now but at this time", at.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
            await mira.PressAsync("Use this time");
        }

        await mira.PressAsync("Send to 1 person");
        await mira.SeeAsync("accepted by the receiving servers", seconds: 240);
        await mira.SeeAsync(seen);
    }

    private async Task LeaveByOneClickAsync()
    {
        var mail = await house.MailToAsync("guest@example.net", "List-Unsubscribe-Post: List-Unsubscribe=One-Click");
        var link = LeaveLink().Match(Folded().Replace(mail, " ")).Groups[1].Value;
        var (_, status) = await house.RunAsync("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-d", "List-Unsubscribe=One-Click", link);
        Assert.Equal("200", status);
    }

    private async Task<string> FileAsync(string name, string content)
    {
        var path = Path.Combine(house.Folder, name);
        await File.WriteAllTextAsync(path, content);
        return path;
    }

    [GeneratedRegex(@"http\S+/c/[a-z0-9]+")]
    private static partial Regex ConfirmLink();

    [GeneratedRegex(@"^List-Unsubscribe:.*?<(http[^>]+)>", RegexOptions.Multiline)]
    private static partial Regex LeaveLink();

    [GeneratedRegex(@"\r?\n[ \t]")]
    private static partial Regex Folded();
}
