using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Services.Newsletters;

namespace Panel.Services.Finger.Reports;

/// <summary>What goes with an answer to reports: they are closed, their addresses forgotten, and everybody concerned gets one mail.
/// All of it in the caller's transaction.</summary>
public sealed class Takedowns(PanelDb db, Letters letters, HouseKeys keys, IOptions<FingerOptions> options, TimeProvider time)
{
    /// <summary>Closes every open report about the member, and tells the member if that is news.</summary>
    /// <returns>How many reports were open.</returns>
    internal async Task<int> TakeDownAsync(Actor by, Member member, string? reason, bool news, CancellationToken ct)
    {
        var open = await Open().Where(r => r.MemberId == member.Id).ToListAsync(ct);
        var now = time.GetUtcNow().UtcDateTime;
        var closed = await Open().Where(r => r.MemberId == member.Id).ExecuteUpdateAsync(
            set => set.SetProperty(r => r.TakenDownAt, now).SetProperty(r => r.AnsweredBy, by.Name).SetProperty(r => r.Answer, reason).SetProperty(r => r.Contact, (string?)null), ct);
        open.ForEach(r => TellReporter(r, member.Handle, "It does not answer any more."));
        if (news && EmailAddress.Parse(member.Email) is { } to)
        {
            letters.Add("finger-withheld", null, to, keys.Hash("email", to.Key), "Your finger account does not answer any more", $"""
                Hello {member.Handle},

                an admin of the house withholds {Address(member.Handle)}: it answers as if there were no such member.
                {(string.IsNullOrEmpty(reason) ? "No reason was written down; please ask the admins." : $"The reason: {reason}")}

                Nothing of yours is lost, and you can go on writing. If you think that this is a mistake, or have changed what
                was wrong, answer to an admin of the house: they can give it back at once.

                """);
        }

        return closed;
    }

    /// <summary>Closes one report and leaves the account as it is.</summary>
    /// <returns>False when somebody else answered it meanwhile.</returns>
    internal async Task<bool> DismissAsync(Actor by, FingerReport report, string handle, string? reason, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var closed = await Open().Where(r => r.Id == report.Id).ExecuteUpdateAsync(
            set => set.SetProperty(r => r.DismissedAt, now).SetProperty(r => r.AnsweredBy, by.Name).SetProperty(r => r.Answer, reason).SetProperty(r => r.Contact, (string?)null), ct);
        if (closed == 1)
        {
            TellReporter(report, handle, "We found nothing there that has to go, so it stays.");
        }

        return closed == 1;
    }

    /// <summary>After the commit: the mails go out at once.</summary>
    internal void Wake() => letters.Wake();

    private IQueryable<FingerReport> Open() => db.Set<FingerReport>().AsNoTracking().Where(r => r.TakenDownAt == null && r.DismissedAt == null);

    private void TellReporter(FingerReport report, string handle, string outcome)
    {
        if (EmailAddress.Parse(report.Contact) is { } to)
        {
            letters.Add("finger-report", null, to, keys.Hash("email", to.Key), $"Your report about {Address(handle)}", string.Create(CultureInfo.InvariantCulture, $"""
                Hello,

                on {report.ReportedAt:yyyy-MM-dd} somebody gave us this address with a report about {Address(handle)}.
                An admin of the house has looked at it. {outcome}

                Thank you for taking the time. This is the only mail about it; your address is not kept with the report.

                """));
        }
    }

    private string Address(string handle) => $"{handle}@{options.Value.Host}";
}
