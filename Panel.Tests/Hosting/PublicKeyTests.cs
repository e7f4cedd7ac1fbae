using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Panel.Services.Hosting;

namespace Panel.Tests.Hosting;

public class PublicKeyTests
{
    private static readonly string Ed25519 = Line("ssh-ed25519", Part("ssh-ed25519"), Part(new byte[32]));

    public static TheoryData<string> Good => [.. Keys()];

    public static TheoryData<string, string> Bad => new()
    {
        { "", "Paste one public key" },
        { "hello", "does not begin with a key type" },
        { "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----", "discard it" },
        { "-----BEGIN RSA PRIVATE KEY-----", "discard it" },
        { "PuTTY-User-Key-File-3: ssh-ed25519", "discard it" },
        { "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "ssh-keygen -i" },
        { $"command=\"/bin/sh\" {Ed25519}", "without options" },
        { $"restrict,pty {Ed25519}", "without options" },
        { $"cert-authority {Ed25519}", "without options" },
        { $"{Ed25519}\n{Ed25519}", "one line" },
        { $"{Ed25519} me\ncommand=\"id\" {Ed25519}", "one line" },
        { $"{Ed25519}\0", "one line" },
        { Ed25519.Replace("ssh-ed25519 ", "ssh-rsa ", StringComparison.Ordinal), "not whole" },
        { Ed25519[..^6], "not whole" },
        { Ed25519 + "AAAA", "not whole" },
        { "ssh-ed25519", "not whole" },
        { "ssh-ed25519 not-base64!", "not whole" },
        { "ssh-ed25519 AAAA//8=", "not whole" },
        { Line("ssh-ed25519", Part("ssh-ed25519"), Part(new byte[31])), "not whole" },
        { Line("ecdsa-sha2-nistp256", Part("ecdsa-sha2-nistp256"), Part("nistp384"), Part([4, .. new byte[64]])), "not whole" },
        { Line("ecdsa-sha2-nistp256", Part("ecdsa-sha2-nistp256"), Part("nistp256"), Part([2, .. new byte[64]])), "not whole" },
        { Line("ssh-rsa", Part("ssh-rsa"), Part([1, 0, 1]), Part([0x7f, .. new byte[127]])), "fewer than 2048 bits" },
        { "ssh-dss AAAAB3NzaC1kc3M=", "no longer safe" },
        { "ssh-ed25519-cert-v01@openssh.com AAAA", "certificate" },
        { new string('a', 20_000), "Paste one public key" },
    };

    [Theory, MemberData(nameof(Good))]
    public void A_whole_key_of_a_known_type_is_taken(string line)
    {
        var parsed = PublicKey.Parse($"  {line} ann@home of mine\r\n");

        Assert.Null(parsed.Refused);
        Assert.Equal(line, $"{parsed.Value!.Type} {parsed.Value.Body}");
        Assert.Equal("ann@home of mine", parsed.Value.Comment);
        Assert.Matches("^SHA256:[A-Za-z0-9+/]{43}$", parsed.Value.Fingerprint);
    }

    [Theory, MemberData(nameof(Bad))]
    public void Anything_else_is_refused_in_words(string pasted, string words)
    {
        var refused = PublicKey.Parse(pasted).Refused;

        Assert.NotNull(refused);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("b3Bl", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_cut_or_changed_anywhere_is_never_more_than_a_refusal()
    {
        foreach (var line in Keys())
        {
            for (var at = 0; at < line.Length; at += 3)
            {
                _ = PublicKey.Parse(line[..at]);
                var changed = PublicKey.Parse(line[..at] + '!' + line[(at + 1)..]);
                Assert.NotNull(changed.Refused);
            }
        }
    }

    private static IEnumerable<string> Keys()
    {
        yield return Ed25519;
        yield return Line("sk-ssh-ed25519@openssh.com", Part("sk-ssh-ed25519@openssh.com"), Part(new byte[32]), Part("ssh:"));
        yield return Line("sk-ecdsa-sha2-nistp256@openssh.com", Part("sk-ecdsa-sha2-nistp256@openssh.com"), Part("nistp256"), Part([4, .. new byte[64]]), Part("ssh:"));
        yield return Line("ecdsa-sha2-nistp256", Part("ecdsa-sha2-nistp256"), Part("nistp256"), Part([4, .. new byte[64]]));
        yield return Line("ecdsa-sha2-nistp384", Part("ecdsa-sha2-nistp384"), Part("nistp384"), Part([4, .. new byte[96]]));
        yield return Line("ecdsa-sha2-nistp521", Part("ecdsa-sha2-nistp521"), Part("nistp521"), Part([4, .. new byte[132]]));
        using var rsa = RSA.Create(2048);
        var key = rsa.ExportParameters(false);
        yield return Line("ssh-rsa", Part("ssh-rsa"), Part(key.Exponent!), Part([0, .. key.Modulus!]));
    }

    private static string Line(string type, params byte[][] parts) => $"{type} {Convert.ToBase64String([.. parts.SelectMany(p => p)])}";

    private static byte[] Part(string text) => Part(Encoding.ASCII.GetBytes(text));

    private static byte[] Part(byte[] bytes)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }
}
