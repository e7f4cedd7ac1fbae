using Panel.Web.Cli;

namespace Panel.Tests.Web;

/// <summary>One command, as somebody at a terminal of their own would type it to this house.</summary>
internal static class CliScreen
{
    public static async Task<(int Code, string Out, string Error)> TypeAsync(PanelApp app, bool isTerminal, params string[] words)
    {
        var (said, wrong) = (new StringWriter(), new StringWriter());
        CliPlace.Now = new CliPlace(said, wrong, isTerminal, app.Operator);
        return (await CommandLine.RunAsync(words), said.ToString(), wrong.ToString());
    }

    /// <summary>What a terminal would obey instead of showing it; the lines of a text are meant.</summary>
    public static bool Steers(string text) => text.Any(c => (char.IsControl(c) && c != '\n') || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'));
}
