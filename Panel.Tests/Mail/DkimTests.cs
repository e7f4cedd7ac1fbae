using System.Buffers;
using System.Text;
using Panel.Services.Mail.Dkim;

namespace Panel.Tests.Mail;

public sealed class DkimTests
{
    private const string Domain = "werkstatt.example";

    private static readonly DkimKey Key = DkimKey.Make();

    public static TheoryData<string> Bodies => new("", "\r\n\r\n\r\n", "x\r\n", "a  b\t c \r\n\r\n \t\r\nd\r\n\r\n\r\n", "trailing \r\n \r\n", "ünï\r\n");

    [Fact]
    public async Task A10_python_dkim_accepts_a_whole_issue() => Assert.Equal("True", await PythonVerdictAsync(Signed(Samples.Message())));

    [Fact]
    public async Task A10_opendkim_accepts_a_whole_issue() =>
        Assert.Contains("dkim=pass", await OpendkimVerdictAsync(Signed(Samples.Message())), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A10_both_accept_odd_bodies_and_headers(string body)
    {
        var message = Signed(Encoding.UTF8.GetBytes($"From:  \"A\"\r\n\t <a@{Domain}>\r\nSUBJECT:\tfolded \r\n  and   spaced \r\nTo: b@c.example\r\nDate: x\r\n\r\n{body}"));

        Assert.Equal("True", await PythonVerdictAsync(message));
        Assert.Contains("dkim=pass", await OpendkimVerdictAsync(message), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hello", "Hallo")]
    [InlineData("List-Unsubscribe-Post: List-Unsubscribe=One-Click", "List-Unsubscribe-Post: List-Unsubscribe=No-Click")]
    [InlineData("\r\nTo: ", "\r\nFrom: evil@werkstatt.example\r\nTo: ")]
    public async Task H3_a_change_in_body_leave_header_or_a_second_From_breaks_it(string was, string becomes)
    {
        var message = Encoding.Latin1.GetString(Signed(Samples.Message()));
        var changed = Encoding.Latin1.GetBytes(message.Replace(was, becomes, StringComparison.Ordinal));

        Assert.False(changed.AsSpan().SequenceEqual(Encoding.Latin1.GetBytes(message)), "nothing was changed");
        Assert.Equal("False", await PythonVerdictAsync(changed));
    }

    [Fact]
    public void A9_the_signature_names_what_it_must_and_has_no_length()
    {
        var message = Encoding.ASCII.GetString(Signed(Samples.Message()));
        var field = message[..message.IndexOf("\r\nFrom:", StringComparison.Ordinal)];
        var names = field.Replace("\r\n\t", "", StringComparison.Ordinal).Split("h=")[1].Split(';')[0].Split(':');

        Assert.Contains("a=rsa-sha256; c=relaxed/relaxed;", field, StringComparison.Ordinal);
        Assert.Equal(2, names.Count(n => n == "from"));
        Assert.Superset(new HashSet<string> { "from", "to", "subject", "date", "message-id", "list-id", "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type" }, names.ToHashSet());
        Assert.DoesNotContain(" l=", field, StringComparison.Ordinal);
        Assert.All(field.Split("\r\n"), line => Assert.InRange(line.Length, 1, 100));
    }

    [Fact]
    public void The_zone_form_is_strings_of_255_that_join_to_the_value()
    {
        var parts = DkimKey.ZoneForm(Key.TxtValue).Split("\" \"");

        Assert.Equal(2, parts.Length);
        Assert.Equal(Key.TxtValue, string.Concat(parts).Trim('"'));
        Assert.Equal(Key.TxtValue, DkimKey.TxtOf(Key.PrivatePem));
    }

    private static byte[] Signed(byte[] message)
    {
        using var signer = new DkimSigner(Domain, "panel1", Key.PrivatePem);
        var output = new ArrayBufferWriter<byte>();
        signer.Sign(message, DateTimeOffset.UtcNow, output);
        output.Write(message);
        return output.WrittenSpan.ToArray();
    }

    private static async Task<string> PythonVerdictAsync(byte[] message) => (await Samples.RunAsync("/usr/bin/python3", message, "-c",
        "import sys, dkim; print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=lambda name, timeout=5: sys.argv[1].encode()))", Key.TxtValue)).Trim();

    /// <summary>The real filter in its test mode, its DNS answers from a file.</summary>
    private static async Task<string> OpendkimVerdictAsync(byte[] message)
    {
        using var folder = new TempFolder();
        var (mail, conf, keys) = (folder.In("message"), folder.In("opendkim.conf"), folder.In("keys"));
        await File.WriteAllBytesAsync(mail, message);
        await File.WriteAllTextAsync(keys, $"{DkimKey.DnsName("panel1", Domain)} {Key.TxtValue}\n");
        await File.WriteAllTextAsync(conf, $"Mode v\nTestPublicKeys {keys}\n");
        return await Samples.RunAsync("/usr/sbin/opendkim", [], "-vv", "-x", conf, "-t", mail);
    }
}
