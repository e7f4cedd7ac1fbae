using System.CommandLine;
using System.Globalization;
using System.Text;

namespace Panel.Web.Cli;

internal static class FingerVerbs
{
    private static readonly Argument<string> Handle = new("HANDLE");

    public static Command Finger()
    {
        var finger = new Command("finger", "What `finger HANDLE@host` shows.");
        finger.Subcommands.Add(Show());
        finger.Subcommands.Add(Set());
        foreach (var verb in ReportVerbs.All())
        {
            finger.Subcommands.Add(verb);
        }

        return finger;
    }

    private static Command Show()
    {
        var wide = new Option<bool>("--wide") { Description = "As `finger -l` asks for it." };
        var show = new Command("show", "Print exactly what the finger server sends; with --json, what the answer is made of.") { Handle, wide };
        show.SetAction((given, ct) =>
        {
            var account = $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/finger";
            return given.GetValue(CliDoor.Json)
                ? CliDoor.CallAsync(given, HttpMethod.Get, account, null, _ => { }, ct)
                : CliDoor.CallAsync(given, HttpMethod.Get, account + (given.GetValue(wide) ? "/text?wide=true" : "/text"), null, node => Screen.File(node.GetValue<string>()), ct);
        });
        return show;
    }

    private static Command Set()
    {
        var plan = new Option<string?>("--plan") { HelpName = "FILE", Description = "The plan, in UTF-8; - reads the standard input." };
        var project = new Option<string?>("--project") { HelpName = "FILE", Description = "The project, one line; - reads the standard input." };
        var name = new Option<string?>("--name") { HelpName = "N", Description = "The full name that is always told." };
        var hidden = new Option<bool>("--hidden") { Description = "Answer as if there were no such member." };
        var shown = new Option<bool>("--shown") { Description = "Answer again." };
        var set = new Command("set", "Change what is named; everything else stays.") { Handle, plan, project, name, hidden, shown };
        set.Validators.Add(given =>
        {
            if (given.GetValue(hidden) && given.GetValue(shown))
            {
                given.AddError("Say --hidden or --shown, not both.");
            }
            else if (given is var g && g.GetValue(plan) is null && g.GetValue(project) is null && g.GetValue(name) is null && !g.GetValue(hidden) && !g.GetValue(shown))
            {
                given.AddError("Say what to set: --plan FILE, --project FILE, --name N, --hidden or --shown.");
            }
        });
        set.SetAction(async (given, ct) =>
        {
            try
            {
                var changes = new
                {
                    plan = await ReadAsync(given.GetValue(plan), ct),
                    project = await ReadAsync(given.GetValue(project), ct),
                    name = given.GetValue(name),
                    hidden = given.GetValue(hidden) ? true : given.GetValue(shown) ? false : (bool?)null,
                };
                var account = $"/members/{CliDoor.Part(given.GetValue(Handle)!)}/finger";
                return await CliDoor.CallAsync(given, HttpMethod.Put, account, changes, node => Screen.Line($"{node["address"]} is set."), ct);
            }
            catch (Exception unread) when (unread is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                Screen.Error(unread.Message);
                return CommandLine.Refused;
            }
        });
        return set;
    }

    /// <summary>The text of a file, which must be UTF-8: a wrong byte is named with its place instead of being replaced unseen.</summary>
    private static async Task<string?> ReadAsync(string? file, CancellationToken ct)
    {
        if (file is null)
        {
            return null;
        }

        await using var input = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
        using var kept = new MemoryStream();
        await input.CopyToAsync(kept, ct);
        var bytes = kept.ToArray();
        var text = bytes.AsSpan(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0);
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text);
        }
        catch (DecoderFallbackException wrong)
        {
            throw NotUtf8(file, text, wrong.Index);
        }
    }

    private static InvalidDataException NotUtf8(string file, ReadOnlySpan<byte> text, int at)
    {
        var before = text[..Math.Clamp(at, 0, text.Length - 1)];
        var line = before.Count((byte)'\n') + 1;
        var column = Encoding.UTF8.GetCharCount(before[(before.LastIndexOf((byte)'\n') + 1)..]) + 1;
        return new InvalidDataException(string.Create(
            CultureInfo.InvariantCulture, $"{file} is not UTF-8: line {line}, column {column} has the byte 0x{text[before.Length]:X2}."));
    }
}
