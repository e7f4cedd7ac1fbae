using System.Text;
using Panel.Services;
using Panel.Services.Audit;
using Panel.Services.Finger;
using Panel.Services.Members;

namespace Panel.Web.Home;

/// <summary>Everything of one member on one page, asked from the front doors one after the other; a part that is refused
/// is left out.</summary>
public sealed class Dashboard(Services.Members.Members members, FingerAccounts fingers, AuditTrail audit)
{
    private const int LatestEntries = 6;
    private const int FingerLines = 6;

    public async Task<HomePage> OfAsync(Actor me, string handle, CancellationToken ct)
    {
        var member = (await members.ShowAsync(me, handle, ct)).Value;
        var needs = new List<Need>();
        var finger = await FingerAsync(me, handle, needs, ct);
        var lately = (await audit.ListAsync(me, handle, null, ct)).Value ?? [];
        return new HomePage(
            HomePage.Greet(member?.Name is { Length: > 0 } name ? name : handle), handle, needs, finger, [.. lately.Take(LatestEntries)]);
    }

    private async Task<FingerCell?> FingerAsync(Actor me, string handle, List<Need> needs, CancellationToken ct)
    {
        if ((await fingers.ShowAsync(me, handle, ct)).Value is not { } page || (await fingers.TextAsync(me, handle, false, ct)) is not { Refused: null } text)
        {
            return null;
        }

        if (page.Withheld)
        {
            needs.Add(new Need("Your finger account does not answer.", "An admin withheld it.", "/finger", "Look at it"));
        }

        var (state, words) = page switch
        {
            { Withheld: true } => ("failed", "Withheld"),
            { Hidden: true } => ("hidden", "Hidden"),
            _ => ("answering", "Answering"),
        };
        return new FingerCell(state, words, $"finger {page.Address}", FirstLines(Encoding.UTF8.GetString(text.Value.Span)), page.PlanWrittenAt);
    }

    internal static string FirstLines(string text)
    {
        var lines = text.ReplaceLineEndings("\n").Trim('\n').Split('\n');
        return string.Join('\n', lines.Take(FingerLines)) + (lines.Length > FingerLines ? "\n..." : "");
    }
}
