using System.Runtime.CompilerServices;
using System.Text;
using Panel.Services.Mail.Returned;

namespace Panel.Tests.Mail.Returned;

/// <summary>F20: mails of real shapes, one file each, in the folder of what they are. The first line is the envelope sender.</summary>
public class ReturnedMailTests
{
    private const string SenderField = "X-Envelope-Sender: ";

    internal static IReadOnlyList<string> Files => [.. Directory.GetFiles(Folder(), "*.eml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder(), f)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Mails => [.. Files];

    [Fact]
    public void F20_there_are_a_hundred_and_more_of_every_kind()
    {
        Assert.True(Files.Count >= 120, $"{Files.Count}");
        Assert.Equal(Enum.GetNames<ReturnedKind>().Order(), Directory.GetDirectories(Folder()).Select(d => Path.GetFileName(d)!).Select(n => char.ToUpperInvariant(n[0]) + n[1..]).Order());
    }

    [Theory, MemberData(nameof(Mails))]
    public async Task A16_A18_F20_a_mail_is_what_its_own_words_say(string file)
    {
        var read = await ReadAsync(file);
        Assert.Equal(Path.GetDirectoryName(file), Word(read.Kind));
        Assert.DoesNotContain(read.Words, char.IsControl);
        if (read.Kind == ReturnedKind.Hard)
        {
            Assert.StartsWith("5.", read.Status, StringComparison.Ordinal);
        }
    }

    [Theory, MemberData(nameof(Mails))]
    public async Task F20_cut_off_anywhere_no_mail_turns_into_a_hard_bounce(string file)
    {
        var whole = Bytes(file);
        var kind = Path.GetDirectoryName(file);
        for (var length = 0; length < whole.Message.Length; length += Math.Max(1, whole.Message.Length / 40))
        {
            var read = await ReturnedMail.ReadAsync(whole.Sender, whole.Message.AsMemory(0, length));
            Assert.True(kind == "hard" || read.Kind != ReturnedKind.Hard, $"{file} cut at {length}");
        }
    }

    [Theory, MemberData(nameof(Mails))]
    public async Task A11_a_forged_result_of_an_authentication_makes_no_mail_more_believable(string file)
    {
        var (sender, message) = Bytes(file);
        byte[] forged = [.. "Authentication-Results: panel.example; dkim=pass header.d=gmail.com; spf=pass\r\nARC-Authentication-Results: i=1; panel.example; dmarc=pass\r\n"u8, .. message];
        var (plain, dressed) = (await ReturnedMail.ReadAsync(sender, message), await ReturnedMail.ReadAsync(sender, forged));
        Assert.Equal((plain.Kind, plain.Status, plain.Words), (dressed.Kind, dressed.Status, dressed.Words));
    }

    [Fact]
    public async Task The_servers_words_and_the_subject_are_kept_for_people()
    {
        Assert.Contains("User unknown in virtual mailbox table", (await ReadAsync("hard/postfix-01.eml")).Words, StringComparison.Ordinal);
        Assert.Equal("Unzustellbar: Neues aus dem Atelier", (await ReadAsync("hard/exchange-de.eml")).Subject);
        Assert.Contains("<https://panel.example/u/LEAVE>", (await ReadAsync("complaint/redacted.eml")).Original["List-Unsubscribe"], StringComparison.Ordinal);
    }

    private static string Word(ReturnedKind kind) => $"{char.ToLowerInvariant(kind.ToString()[0])}{kind.ToString()[1..]}";

    private static Task<ReturnedMail> ReadAsync(string file) => Bytes(file) is var (sender, message) ? ReturnedMail.ReadAsync(sender, message) : throw new InvalidOperationException();

    /// <summary>A mail of the collection with a real token in place of its marks.</summary>
    internal static (string Sender, byte[] Message) Bytes(string file, string bounce = "TOKEN", string leave = "LEAVE")
    {
        var text = File.ReadAllText(Path.Combine(Folder(), file)).ReplaceLineEndings("\r\n");
        Assert.StartsWith(SenderField, text, StringComparison.Ordinal);
        var first = text.IndexOf("\r\n", StringComparison.Ordinal);
        var message = text[(first + 2)..].Replace("TOKEN", bounce, StringComparison.Ordinal).Replace("LEAVE", leave, StringComparison.Ordinal);
        return (text[SenderField.Length..first].Trim('<', '>'), Encoding.UTF8.GetBytes(message));
    }

    private static string Folder([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "golden", "returned"));
}
