using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Panel.Services.Finger;
using Xunit;

namespace Panel.Tests.Finger;

public class FingerFuzz
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(2_000);

    /// <summary>Bytes out of which trouble is made, thrown among any others.</summary>
    private static readonly Gen<byte[]> Trouble = Gen.OneOf(
        Gen.Elements<byte>(0, 7, 9, 10, 13, 27, 32, 64, 127, 128, 0x9B, 0xC2, 0xE6, 0xED, 240, 250, 253, 255),
        Gen.Choose(0, 255).Select(i => (byte)i)).ArrayOf();

    private static readonly Gen<string> Text = Trouble.Select(b => Encoding.Latin1.GetString(b));

    [Fact]
    public void R12_the_parser_never_throws_and_keeps_its_shape() =>
        Prop.ForAll(Trouble.ToArbitrary(), bytes =>
        {
            var query = FingerQuery.Parse(bytes);
            return query.Name == query.Name.Trim(' ', '\t') && !query.Name.Contains('@', StringComparison.Ordinal)
                && !query.Name.Contains('\n', StringComparison.Ordinal) && query.Hosts.All(h => !h.Contains('@', StringComparison.Ordinal));
        }).Check(Many);

    [Fact]
    public void R12_a_line_is_whole_at_the_same_byte_however_it_arrives() =>
        Prop.ForAll(Trouble.ToArbitrary(), bytes =>
        {
            var line = new byte[bytes.Length];
            var whole = TelnetLine.Read(bytes, line, out _);
            var first = Enumerable.Range(1, bytes.Length).FirstOrDefault(n => TelnetLine.Read(bytes.AsSpan(0, n), line, out _));
            return whole == (first > 0) && (!whole || FingerQuery.Parse(bytes.AsSpan(0, first)).Name == FingerQuery.Parse(bytes).Name);
        }).Check(Many);

    [Fact]
    public void R2_every_answer_is_whole_lines_of_printable_text() =>
        Prop.ForAll(Text.ToArbitrary(), Text.ToArbitrary(), (one, two) =>
        {
            var card = new FingerCard("ann", one) { Plan = two, Project = two, WebPage = one };
            return Harmless(new FingerReply("h").Render(card, wide: true)) && Harmless(FingerReply.RenderList([card, card with { Name = two }], 1));
        }).Check(Many);

    [Fact]
    public void R16_what_passes_at_saving_is_sent_unchanged() =>
        Prop.ForAll(Text.ToArbitrary(), plan =>
        {
            if (plan.Length == 0 || FingerText.Faults(plan, lines: true).Any())
            {
                return true;
            }

            var sent = Encoding.UTF8.GetString(new FingerReply("h").Render(new FingerCard("ann", "Ann") { Plan = plan }, wide: false));
            return sent.EndsWith("Plan:\r\n" + plan.ReplaceLineEndings("\r\n") + (plan.EndsWith('\n') ? "" : "\r\n"), StringComparison.Ordinal);
        }).Check(Many);

    [Fact]
    public void R2_R12_R20_no_mutated_bytes_break_a_promise_of_any_reader_or_writer()
    {
        var rows = Panel.Bench.Faults.FingerMutations.Run(TimeSpan.Zero, seed: 1979, least: 6_000);

        Assert.Equal("", string.Join('\n', rows.Select(r => r.Finding).OfType<string>()));
        Assert.All(rows, r => Assert.True(r.Cases >= 400, r.Parser));
    }

    internal static bool Harmless(ReadOnlySpan<byte> answer)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(answer);
        return text.EndsWith("\r\n", StringComparison.Ordinal)
            && text.Replace("\r\n", "", StringComparison.Ordinal).All(c => c == '\t' || !char.IsControl(c));
    }
}
