using System.Buffers.Text;
using Panel.Services;
using Panel.Services.Data;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

/// <summary>Passwords of repositories: random, sealed by one key, and to be opened by whoever downloaded it.</summary>
public class BackupKeysTests
{
    public static TheoryData<string> Providers => PanelApp.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task The_downloaded_key_opens_every_password_and_nobody_else_gets_it(string provider)
    {
        using var app = new PanelApp(provider) { Unscheduled = true };
        var ann = await app.MemberAsync("ann");
        await app.MemberAsync("bob");
        // Bob's repository is of a time when passwords were made from the house's keys.
        await app.WithAsync<PanelDb, int>(db =>
        {
            db.Add(new Backup { MemberId = 2, Snapshot = "abcdef12", MadeAt = DateTime.UtcNow.AddDays(-2), Bytes = 1, Sha256 = "", Notes = "[]" });
            return db.SaveChangesAsync();
        });
        using var agent = app.AgentLink();
        await agent.AskAsync(0);
        await app.WithAsync<Backups, int>(async b =>
        {
            await b.NightlyAsync(Actor.Job, default);
            return 0;
        });
        var orders = (await agent.AskAsync(0))["requests"]!.AsArray().Where(r => r!["work"]!.ToString() == "Backup").ToDictionary(r => r!["handle"]!.ToString(), r => r!["backup"]!);
        Assert.Equal(["ann", "bob"], orders.Keys.Order());
        Assert.Equal((7, 4, 6), (Keep("daily"), Keep("weekly"), Keep("monthly")));
        int Keep(string word) => orders["ann"]["keep"]![word]!.GetValue<int>();

        Assert.IsType<NotAllowed>((await app.WithAsync<BackupKeys, Outcome<string>>(k => k.DownloadAsync(ann, default))).Refused);
        Assert.Null((await StateAsync(app)).DownloadedAt);
        var text = (await app.WithAsync<BackupKeys, Outcome<string>>(k => k.DownloadAsync(PanelApp.Admin, default))).Value!;
        Assert.NotNull((await StateAsync(app)).DownloadedAt);
        var key = Base64Url.DecodeFromChars(text.Split('\n').Single(l => l.StartsWith("KEY ", StringComparison.Ordinal))[4..].Trim());
        foreach (var (handle, order) in orders)
        {
            var line = text.Split('\n').Single(l => l.StartsWith($"{handle} ", StringComparison.Ordinal)).Split(' ')[1].Trim();
            Assert.Equal(order["wrapped"]!.ToString(), line);
            Assert.Equal(order["secret"]!.ToString(), BackupKeys.Open(key, handle, line));
            Assert.DoesNotContain(order["secret"]!.ToString(), text, StringComparison.Ordinal);
            Assert.ThrowsAny<System.Security.Cryptography.CryptographicException>(() => BackupKeys.Open(key, handle + "x", line));
        }

        var keys = app.Services.GetService(typeof(HouseKeys)) as HouseKeys;
        Assert.Equal(keys!.Hash("backup", "bob"), orders["bob"]["secret"]!.ToString());
        Assert.NotEqual(keys.Hash("backup", "ann"), orders["ann"]["secret"]!.ToString());
    }

    private static async Task<BackupKeyState> StateAsync(PanelApp app) => (await app.WithAsync<BackupKeys, Outcome<BackupKeyState>>(k => k.StateAsync(PanelApp.Admin, default))).Value!;
}
