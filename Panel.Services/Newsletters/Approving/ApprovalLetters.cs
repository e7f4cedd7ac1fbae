using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Members;
using Panel.Services.Newsletters.Sending;

namespace Panel.Services.Newsletters.Approving;

/// <summary>The mails between who wrote an issue and who looks at it: one when a version is ready, one with the answer. Both are part of
/// the caller's transaction.</summary>
public sealed class ApprovalLetters(PanelDb db, Letters letters, HouseKeys keys, IOptions<PanelOptions> options)
{
    /// <summary>In a house with many admins not all of them hear of every issue.</summary>
    private const int MostAsked = 10;

    /// <summary>Asks who is named on the list, or the admins where nobody is.</summary>
    /// <returns>The handles of those who get a mail.</returns>
    internal async Task<IReadOnlyList<string>> AskAsync(MailingList list, Issue issue, CancellationToken ct)
    {
        var who = await db.Users.AsNoTracking()
            .Where(m => m.Id != list.MemberId && m.RemovedAt == null && m.SuspendedAt == null && (list.ApproverId == null ? m.AdminAt != null : m.Id == list.ApproverId))
            .OrderBy(m => m.Id).Take(MostAsked).ToListAsync(ct);
        foreach (var member in who)
        {
            Write(member, list, $"Please look: {IssuePrinter.SubjectForNobody(issue.Subject)}", $"""
                Hello {member.Handle},

                an issue of {list.Title} is ready, and this list sends nothing before a second person has looked at it. Read it here and say
                yes, or what should change:

                {Address(issue)}

                Opening the page decides nothing. Your answer holds for exactly the version you saw.

                """);
        }

        return [.. who.Where(m => EmailAddress.Parse(m.Email) is not null).Select(m => m.Handle)];
    }

    /// <summary>Tells the author what was answered.</summary>
    internal async Task AnswerAsync(MailingList list, Issue issue, string byName, string? objection, CancellationToken ct)
    {
        if (await db.Users.AsNoTracking().SingleOrDefaultAsync(m => m.Id == list.MemberId && m.RemovedAt == null, ct) is { } author)
        {
            Write(author, list, $"{(objection is null ? "Approved" : "Not yet")}: {IssuePrinter.SubjectForNobody(issue.Subject)}", $"""
                Hello {author.Handle},

                {(objection is null
                    ? $"{byName} approved this version of your issue of {list.Title}. You can send it off now; if you change a word of it, it needs another look."
                    : $"{byName} minds something in your issue of {list.Title}:\n\n    {objection}")}

                {Address(issue)}

                """);
        }
    }

    /// <summary>After the commit: the mails go out at once.</summary>
    internal void Wake() => letters.Wake();

    private void Write(Member to, MailingList list, string subject, string text)
    {
        if (EmailAddress.Parse(to.Email) is { } address)
        {
            letters.Add("approval", null, address, keys.Hash("email", address.Key), subject, text);
        }
    }

    private string Address(Issue issue) => new Uri(options.Value.PublicUri, $"/approvals/{issue.Id}").AbsoluteUri;
}
