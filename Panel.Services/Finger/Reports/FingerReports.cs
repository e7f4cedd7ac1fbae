using System.Globalization;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Newsletters;

namespace Panel.Services.Finger.Reports;

/// <summary>Reports about members' finger pages: anybody sends one, admins answer it by a takedown with its reason or a dismissal.</summary>
public sealed class FingerReports(PanelDb db, FingerAccounts accounts, ReportGuard guard, Takedowns takedowns, AuditTrail audit, TimeProvider time)
{
    public const int LongestText = 2_000;

    /// <summary>Open reports about one member; more would say nothing new.</summary>
    private const int MostOpen = 100;

    /// <summary>Answered reports that are listed.</summary>
    private const int PageSize = 50;

    /// <summary>Keeps a visitor's report. Who does not answer to finger cannot be reported, and is as unknown here as there.</summary>
    public async Task<Outcome<Done>> AddAsync(string handle, NewReport wanted, IPAddress? from, CancellationToken ct)
    {
        if (await accounts.PublicAsync(handle, ct) is null)
        {
            return new NotThere($"member {handle}");
        }

        var text = (wanted.Text ?? "").ReplaceLineEndings("\n").Trim();
        if (Wrong(wanted, text) is { } wrong)
        {
            return wrong;
        }

        var member = await db.Users.Where(m => m.UserName == handle).Select(m => m.Id).SingleAsync(ct);
        if (await db.Set<FingerReport>().CountAsync(r => r.MemberId == member && r.TakenDownAt == null && r.DismissedAt == null, ct) >= MostOpen)
        {
            return new Refusal("There are many reports about this page already, and the admins will look at it. Nothing more is needed.");
        }

        if (guard.Check(from) is { } wait)
        {
            return wait;
        }

        db.Add(new FingerReport
        {
            MemberId = member,
            Reason = wanted.Reason!.Value,
            Text = text,
            Contact = EmailAddress.Parse(wanted.Contact)?.Typed,
            Network = ReportGuard.NetworkOf(from),
            ReportedAt = time.GetUtcNow().UtcDateTime,
        });
        await db.SaveChangesAsync(ct);
        return Done.It;
    }

    /// <summary>All open reports, the oldest first, then the last that were answered.</summary>
    public async Task<Outcome<IReadOnlyList<ReportPage>>> ListAsync(Actor by, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin reads reports.");
        }

        var open = await Pages(r => r.TakenDownAt == null && r.DismissedAt == null).OrderBy(p => p.Report.Id).ToListAsync(ct);
        var answered = await Pages(r => r.TakenDownAt != null || r.DismissedAt != null).OrderByDescending(p => p.Report.TakenDownAt ?? p.Report.DismissedAt).Take(PageSize).ToListAsync(ct);
        return open.Concat(answered).Select(p => Page(p.Report, p.Handle)).ToList();
    }

    /// <summary>How many reports wait; nothing for who is no admin.</summary>
    public async Task<int> WaitingAsync(Actor by, CancellationToken ct) =>
        by.IsAdmin ? await db.Set<FingerReport>().CountAsync(r => r.TakenDownAt == null && r.DismissedAt == null, ct) : 0;

    /// <summary>Answers an open report once. A takedown withholds the account and answers all open reports about it.</summary>
    public async Task<Outcome<ReportPage>> AnswerAsync(Actor by, long id, ReportAnswer wanted, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin answers reports.");
        }

        if (await Pages(r => r.Id == id).SingleOrDefaultAsync(ct) is not { } found)
        {
            return new NotThere($"report {id}");
        }

        var reason = wanted.Reason?.Trim() is { Length: > 0 } said ? said : null;
        var refused = (wanted.TakeDown, reason) switch
        {
            _ when Page(found.Report, found.Handle).State != "open" => new InTheWay("This report was answered already."),
            (null, _) => new Refusal("Say whether the account is taken down: takeDown is true or false.", "takeDown"),
            (true, null) => new Refusal("Say why: the member reads it, and it is in the audit.", "reason"),
            (true, _) => (await accounts.SetAsync(by, found.Handle, new FingerChanges(Withheld: true, WithheldReason: reason), ct)).Refused,
            _ => await DismissAsync(by, found, reason, ct),
        };
        return refused is null ? Page((await Pages(r => r.Id == id).SingleAsync(ct)).Report, found.Handle) : refused;
    }

    private async Task<Refusal?> DismissAsync(Actor by, Named found, string? reason, CancellationToken ct)
    {
        if (FingerRules.OneLine(reason, "reason", "reason", FingerRules.ProjectLength) is { } wrong)
        {
            return wrong;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        if (!await takedowns.DismissAsync(by, found.Report, found.Handle, reason, ct))
        {
            return new InTheWay("This report was answered already.");
        }

        audit.Add(by, found.Report.MemberId, "report.dismiss", found.Handle, ("reported", null, found.Report.Reason.ToString()), ("reason", null, reason));
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        takedowns.Wake();
        return null;
    }

    private static Refusal? Wrong(NewReport wanted, string text) => wanted switch
    {
        { Reason: null } => new Refusal("Choose what is wrong with the page.", "reason"),
        _ when !Enum.IsDefined(wanted.Reason.Value) => new Refusal("Choose what is wrong with the page.", "reason"),
        { Reason: ReportReason.Other } when text.Length == 0 => new Refusal("Say in a few words what is wrong.", "text"),
        _ when text.Length > LongestText => new Refusal(string.Create(CultureInfo.InvariantCulture, $"The text has {text.Length} characters; {LongestText} is the most."), "text"),
        _ when FingerText.Faults(text, lines: true).Take(1).ToList() is [var fault] => new Refusal($"The text has a control character at {fault}. Please take it out.", "text"),
        { Contact: { } contact } when contact.Trim().Length > 0 && EmailAddress.Parse(contact) is null => new Refusal("This is no e-mail address. Leave it empty if you want no answer.", "contact"),
        _ => null,
    };

    private IQueryable<Named> Pages(System.Linq.Expressions.Expression<Func<FingerReport, bool>> which) =>
        db.Set<FingerReport>().AsNoTracking().Where(which).Join(db.Users, r => r.MemberId, m => m.Id, (r, m) => new Named { Report = r, Handle = m.UserName! });

    private static ReportPage Page(FingerReport r, string handle) => new(
        r.Id, handle, r.Reason, r.Text, r.Contact, r.Network, r.ReportedAt, r.TakenDownAt is not null ? "takenDown" : r.DismissedAt is not null ? "dismissed" : "open",
        r.TakenDownAt ?? r.DismissedAt, r.AnsweredBy, r.Answer);

    private sealed class Named
    {
        public required FingerReport Report { get; init; }

        public required string Handle { get; init; }
    }
}
