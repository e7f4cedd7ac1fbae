using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Panel.Services.Mail;
using Panel.Services.Mail.Content;
using Panel.Services.Mail.Smtp;

namespace Panel.Tests.Mail;

/// <summary>Properties that hold for any text whatsoever.</summary>
public sealed partial class MailFuzz
{
    private static readonly Gen<string> AnyText = Gen.OneOf(
        ArbMap.Default.GeneratorFor<string>().Select(s => s ?? ""),
        Gen.Elements(".", "\r\n", "\n", "\r", "\0", "a", " ", "\t", "=", "=?", "?=", "ü", "🦀", "\uD800", "\uE000", "\"", "<", ">", ",", ":", "From ", "\u2028", "Bcc: x@y.example").ListOf().Select(parts => string.Concat(parts)));

    [Fact]
    public void Stuffed_and_unstuffed_is_the_same_and_no_line_is_a_lone_dot() => Prop.ForAll(AnyText.ToArbitrary(), text =>
    {
        var message = Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"));
        if (!DotStuffing.IsClean(message))
        {
            return;
        }

        var output = new ArrayBufferWriter<byte>();
        DotStuffing.Write(output, message);
        var lines = Encoding.UTF8.GetString(output.WrittenSpan).Split("\r\n");
        Assert.DoesNotContain(".", lines);
        var back = string.Join("\r\n", lines.Select(l => l.StartsWith('.') ? l[1..] : l));
        var whole = Encoding.UTF8.GetString(message);
        Assert.Equal(whole.EndsWith("\r\n", StringComparison.Ordinal) ? whole : whole + "\r\n", back);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Quoted_printable_decodes_to_what_it_was_in_lines_of_76() => Prop.ForAll(AnyText.ToArbitrary(), text =>
    {
        var plain = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        var output = new ArrayBufferWriter<byte>();
        QuotedPrintable.Encode(output, plain);
        var encoded = Encoding.ASCII.GetString(output.WrittenSpan);
        Assert.All(encoded.Split("\r\n"), line => Assert.True(line.Length <= 76 && line.All(c => c is >= ' ' and <= '~' or '\t') && line == line.TrimEnd(' ', '\t')));
        Assert.Equal(plain.Replace("\n", "\r\n", StringComparison.Ordinal), DecodeQuoted(encoded));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void H9_a_header_is_one_field_whatever_is_in_it() => Prop.ForAll(AnyText.ToArbitrary(), text =>
    {
        foreach (var field in new[] { HeaderText.Field("Subject", text), HeaderText.Mailbox("From", text, "a@b.example") })
        {
            Assert.EndsWith("\r\n", field, StringComparison.Ordinal);
            var lines = field[..^2].Split("\r\n");
            Assert.All(lines, line => Assert.True(line.Length <= 78 && line.All(c => c is >= ' ' and <= '~'), line));
            Assert.All(lines.Skip(1), line => Assert.StartsWith(" ", line, StringComparison.Ordinal));
        }

        Assert.Equal(MailText.OneLine(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))).Trim(), DecodeHeader(HeaderText.Field("Subject", text)["Subject:".Length..]));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void V11_an_envelope_address_never_holds_what_ends_a_command() => Prop.ForAll(AnyText.ToArbitrary(), text =>
    {
        foreach (var address in new[] { text, $"{text}@b.example", $"a@{text}", $"\"{text}\"@b.example" })
        {
            Assert.DoesNotContain(EnvelopeAddress.Read(address)?.Path ?? "", c => char.IsControl(c) || c is '\u2028' or '\u2029');
            Assert.True(EnvelopeAddress.Read(address) is not { } read || Encoding.UTF8.GetByteCount(read.Path) <= 254);
        }
    }).QuickCheckThrowOnFailure();

    private static string DecodeQuoted(string encoded)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < encoded.Length; i++)
        {
            if (encoded[i] != '=')
            {
                bytes.Add((byte)encoded[i]);
            }
            else if (encoded[i + 1] == '\r')
            {
                i += 2;
            }
            else
            {
                bytes.Add(byte.Parse(encoded.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                i += 2;
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static string DecodeHeader(string value)
    {
        var unfolded = value.Replace("\r\n", "", StringComparison.Ordinal).Trim();
        return unfolded.StartsWith("=?", StringComparison.Ordinal)
            ? Encoding.UTF8.GetString([.. Bytes(unfolded)])
            : unfolded;
    }

    private static IEnumerable<byte> Bytes(string words) => Word().Matches(words).SelectMany(m =>
        Encoding.Latin1.GetBytes(DecodeLatin(m.Groups[1].Value.Replace('_', ' '))));

    private static string DecodeLatin(string q) =>
        Escape().Replace(q, m => ((char)byte.Parse(m.Groups[1].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString());

    [GeneratedRegex(@"=\?utf-8\?Q\?([^?]*)\?=")]
    private static partial Regex Word();

    [GeneratedRegex("=([0-9A-F]{2})")]
    private static partial Regex Escape();
}
