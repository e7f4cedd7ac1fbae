using System.CommandLine;
using System.Globalization;
using Panel.Web.Cli;

namespace Panel.Tests.Web;

public sealed class HostileVerbsTests
{
    private static readonly string[] Words = ["", "..", "a/../b", "\u001b[2J\u202e\n", "-", "{}%00\\", new('x', 3000)];

    [Fact]
    public async Task Every_hole_of_every_verb_takes_hostile_words_without_a_trace_of_the_program_and_without_another_meaning()
    {
        using var folder = new TempFolder();
        await using var app = new PanelApp { Unscheduled = true };
        Assert.Equal(0, (await CliScreen.TypeAsync(app, true, "setup", "--admin", "ann", "--email", "ann@collective.example")).Code);
        await File.WriteAllTextAsync(folder.In("words"), "words");
        var (tries, wrong) = (0, new List<string>());
        foreach (var (path, verb) in Verbs(CommandLine.Tree(), []))
        {
            var holes = verb.Arguments.Cast<Symbol>().Concat(verb.Options.Where(o => o.ValueType != typeof(bool))).ToList();
            foreach (var (hole, word) in holes.SelectMany(h => Words.Select(w => (h, w))))
            {
                var typed = path.Concat(holes.OfType<Argument>().Select(a => a == hole ? Said(a.ValueType, word, folder) : Usual(a.Name, a.ValueType, folder)))
                    .Concat(holes.OfType<Option>().Where(o => o.Required || o == hole).SelectMany(o => new[] { o.Name, o == hole ? Said(o.ValueType, word, folder) : Usual(o.Name, o.ValueType, folder) })).ToArray();
                tries++;
                await TryAsync(app, typed, wrong);
            }

            // With harmless words, and with what may be left out left out, nothing is mistaken for a name.
            var (_, _, refused) = await CliScreen.TypeAsync(app, true, [.. path, .. verb.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(a => Usual(a.Name, a.ValueType, folder).Replace("ann", "bob", StringComparison.Ordinal)), .. verb.Options.Where(o => o.Required && o.ValueType != typeof(bool)).SelectMany(o => new[] { o.Name, Usual(o.Name, o.ValueType, folder) })]);
            Assert.DoesNotContain("is no name", refused, StringComparison.Ordinal);
            foreach (var option in verb.Options.Where(o => o.ValueType != typeof(bool)))
            {
                // The word after it was forgotten.
                await TryAsync(app, [.. path, .. holes.OfType<Argument>().Select(a => Usual(a.Name, a.ValueType, folder)), option.Name], wrong);
            }
        }

        Assert.True(tries > 1_000, $"{tries} tries");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(20)));
        var (code, said, _) = await CliScreen.TypeAsync(app, true, "member", "show", "ann");
        Assert.True(code == 0 && said.Contains("invited", StringComparison.Ordinal), said);
    }

    private static async Task TryAsync(PanelApp app, string[] typed, List<string> wrong)
    {
        var shown = Screen.Plain(string.Join(' ', typed.Select(t => t.Length > 40 ? t[..40] : $"'{t}'")));
        try
        {
            var (code, said, error) = await CliScreen.TypeAsync(app, true, typed);
            if (code is < 0 or > 2 || CliScreen.Steers(said + error) || (code > 0 && error.Length == 0) || error.Contains("   at ", StringComparison.Ordinal) || error.Contains("answered 500", StringComparison.Ordinal))
            {
                wrong.Add($"{shown}: {code}, {Screen.Plain(error)}");
            }
        }
        catch (Exception no)
        {
            wrong.Add($"{shown}: {no.GetType().Name}: {no.Message}");
        }
    }

    private static string Said(Type type, string word, TempFolder folder) =>
        type == typeof(FileInfo) && word.Length > 0 && !word.Contains('/', StringComparison.Ordinal) ? folder.In(word) : word;

    private static string Usual(string name, Type type, TempFolder folder) =>
        type == typeof(FileInfo) ? folder.In("words")
        : Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) is TypeCode.Int32 or TypeCode.Int64 ? 1.ToString(CultureInfo.InvariantCulture)
        : name switch { "HANDLE/NAME" => "ann/letters", "HANDLE" => "ann", "--email" or "--to" or "ADDRESS" => "eve@elsewhere.example", _ => "none" };

    private static IEnumerable<(string[] Path, Command Verb)> Verbs(Command from, string[] path) =>
        from.Subcommands.Count == 0 ? [(path, from)] : from.Subcommands.SelectMany(c => Verbs(c, [.. path, c.Name]));
}
