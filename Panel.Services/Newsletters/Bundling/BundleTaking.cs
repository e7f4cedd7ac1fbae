using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Newsletters.Writing;

namespace Panel.Services.Newsletters.Bundling;

/// <summary>Brings the content of a bundle onto a new list, inside the caller's transaction.</summary>
public sealed class BundleTaking(PanelDb db, HouseKeys keys, Lists lists, ListImages images, TimeProvider time, IOptions<PanelOptions> panel)
{
    private const int Chunk = 1_000;
    private const int LongestConsent = 4_000;
    private const int LongestMarkdown = 200_000;

    internal async Task<Outcome<BundleTaken>> TakeAsync(Actor by, string handle, MailingList list, BundleReader bundle, CancellationToken ct)
    {
        var notes = new List<string>();
        list.ArchiveClosedAt = bundle.Head.ArchiveIsOpen ? null : time.GetUtcNow().UtcDateTime;
        var change = new ListChange(list.Title, list.Description, list.PostalAddress, bundle.Head.ConsentText ?? "", Fields: bundle.Head.Fields ?? "");
        if ((await lists.UpdateAsync(by, handle, list.Name, change, ct)).Refused is { } no)
        {
            return no;
        }

        await db.SaveChangesAsync(ct);
        var people = await PeopleAsync(list, bundle, notes, ct);
        await ConsentsAsync(list, bundle, ct);
        await SuppressionsAsync(list, bundle, notes, ct);
        var unproved = await UnprovedAsync(list, ct);
        if (unproved > 0)
        {
            notes.Add($"{unproved:N0} confirmed people came without any proof of consent. They get no mail until they sign up themselves.");
        }

        var pictures = await ImagesAsync(list, handle, bundle, ct);
        var issues = IssuesOf(list, handle, bundle, notes);
        await db.SaveChangesAsync(ct);
        var confirmed = await db.Set<Subscriber>().CountAsync(s => s.ListId == list.Id && s.State == SubscriberState.Confirmed, ct);
        return new BundleTaken(null!, people, confirmed, issues, pictures, notes);
    }

    private async Task<int> PeopleAsync(MailingList list, BundleReader bundle, List<string> notes, CancellationToken ct)
    {
        var (count, twice, chunk, seen) = (0, 0, new List<Subscriber>(Chunk), new HashSet<string>(StringComparer.Ordinal));
        await foreach (var (line, cells) in bundle.RowsAsync(BundleFormat.People, BundleFormat.PeopleColumns, ct))
        {
            var person = PersonOf(list, line, cells);
            if (!seen.Add(person.EmailKey))
            {
                twice++;
                continue;
            }

            chunk.Add(person);
            if (chunk.Count == Chunk)
            {
                count += await AddAsync(list, chunk, ct);
            }
        }

        count += await AddAsync(list, chunk, ct);
        if (twice > 0)
        {
            notes.Add($"{twice:N0} addresses stood in the archive twice; the first of each was taken.");
        }

        return count;
    }

    private Subscriber PersonOf(MailingList list, long line, string[] cells)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (EmailAddress.Parse(cells[0]) is not { } address)
        {
            throw new BundleFault($"{BundleFormat.People}, line {line}: not a complete e-mail address.");
        }

        if (!Enum.TryParse<SubscriberState>(cells[2], ignoreCase: true, out var state) || cells[2].Length == 0 || char.IsAsciiDigit(cells[2][0]))
        {
            throw new BundleFault($"{BundleFormat.People}, line {line}: the state is one of {string.Join(", ", Enum.GetNames<SubscriberState>()).ToLowerInvariant()}.");
        }

        return new Subscriber
        {
            ListId = list.Id,
            Email = address.Typed,
            EmailKey = address.Key,
            Domain = address.Domain,
            Name = Fit(cells[1]),
            State = state,
            JoinedAt = BundleFormat.Time(cells[3]) ?? now,
            ConsentAt = BundleFormat.Time(cells[4]) is { } at && at <= now ? at : null,
            ChangedAt = BundleFormat.Time(cells[5]) ?? now,
            PausedUntil = state == SubscriberState.Paused ? BundleFormat.Time(cells[6]) : null,
            Fields = FieldsOf(list, line, cells[7]),
        };
    }

    private static string FieldsOf(MailingList list, long line, string json)
    {
        try
        {
            var kept = SubscriberFields.Read(json).Where(f => list.FieldNames.Contains(f.Key)).ToDictionary(f => f.Key, f => Fit(f.Value ?? ""));
            return SubscriberFields.Write(kept);
        }
        catch (JsonException)
        {
            throw new BundleFault($"{BundleFormat.People}, line {line}: the fields are not an object of texts.");
        }
    }

    // Whoever must not be mailed gets the protection of this house; whoever objected here to all lists of this member stays out (L3).
    private async Task<int> AddAsync(MailingList list, List<Subscriber> people, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var hashes = people.ToDictionary(p => keys.Hash("email", p.EmailKey), StringComparer.Ordinal);
        var asked = hashes.Keys.ToList();
        var blocked = await db.Set<Suppression>().AsNoTracking().Where(s => s.MemberId == list.MemberId && s.ListId == null && asked.Contains(s.EmailHash)).Select(s => s.EmailHash).ToListAsync(ct);
        foreach (var hash in blocked.Where(h => hashes[h].State is SubscriberState.Pending or SubscriberState.Confirmed or SubscriberState.Paused))
        {
            hashes[hash].State = SubscriberState.Left;
        }

        db.AddRange(people);
        db.AddRange(hashes.Where(h => h.Value.State is SubscriberState.Left or SubscriberState.Bounced or SubscriberState.Complained).Select(h => new Suppression
        {
            EmailHash = h.Key,
            ListId = list.Id,
            MemberId = list.MemberId,
            Reason = h.Value.State.ToString().ToLowerInvariant(),
            At = now,
        }));
        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
        var count = people.Count;
        people.Clear();
        return count;
    }

    private async Task ConsentsAsync(MailingList list, BundleReader bundle, CancellationToken ct)
    {
        var chunk = new List<(string Key, Func<long, Consent> Make)>(Chunk);
        async Task AddAsync()
        {
            var wanted = chunk.Select(c => c.Key).Distinct().ToList();
            var ids = await db.Set<Subscriber>().Where(s => s.ListId == list.Id && wanted.Contains(s.EmailKey)).ToDictionaryAsync(s => s.EmailKey, s => s.Id, ct);
            db.AddRange(chunk.Where(c => ids.ContainsKey(c.Key)).Select(c => c.Make(ids[c.Key])));
            await db.SaveChangesAsync(ct);
            db.ChangeTracker.Clear();
            chunk.Clear();
        }

        await foreach (var (line, cells) in bundle.RowsAsync(BundleFormat.Consents, BundleFormat.ConsentColumns, ct))
        {
            if (EmailAddress.Parse(cells[0]) is not { } address || BundleFormat.Time(cells[3]) is not { } given || cells[2].Length is 0 or > LongestConsent)
            {
                throw new BundleFault($"{BundleFormat.Consents}, line {line}: a consent has an address, a form, its words and a time.");
            }

            var (form, network) = (cells[1] is "page" or "embed" or "json" or "import" ? cells[1] : "import", cells[5].Length is 0 or > 60 ? null : cells[5]);
            chunk.Add((address.Key, id => new Consent { SubscriberId = id, Form = form, Text = cells[2], GivenAt = given, ConfirmedAt = BundleFormat.Time(cells[4]), Network = network }));
            if (chunk.Count == Chunk)
            {
                await AddAsync();
            }
        }

        await AddAsync();
    }

    // A proof is a record with words, given before it came here (L1); the rest may be asked again by the form, not mailed.
    private Task<int> UnprovedAsync(MailingList list, CancellationToken ct) => db.Set<Subscriber>()
        .Where(s => s.ListId == list.Id && (s.State == SubscriberState.Confirmed || s.State == SubscriberState.Paused) && (s.ConsentAt == null || !db.Set<Consent>().Any(c => c.SubscriberId == s.Id && c.ConfirmedAt != null)))
        .ExecuteUpdateAsync(set => set.SetProperty(s => s.State, SubscriberState.Pending).SetProperty(s => s.ConsentAt, (DateTime?)null), ct);

    private async Task SuppressionsAsync(MailingList list, BundleReader bundle, List<string> notes, CancellationToken ct)
    {
        var (own, foreign) = (bundle.Head.House == keys.Fingerprint, 0);
        await foreach (var (_, cells) in bundle.RowsAsync(BundleFormat.Suppressions, BundleFormat.SuppressionColumns, ct))
        {
            if (cells[1] is not ("erased" or "not me" or "admin"))
            {
                continue; // The others came with their people.
            }

            if (!own)
            {
                foreign++;
            }
            else if (cells[0].Length == 64 && cells[0].All(char.IsAsciiHexDigitLower))
            {
                db.Add(new Suppression { EmailHash = cells[0], ListId = list.Id, MemberId = list.MemberId, Reason = cells[1], At = BundleFormat.Time(cells[2]) ?? time.GetUtcNow().UtcDateTime });
            }
        }

        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
        if (foreign > 0)
        {
            notes.Add($"{foreign:N0} people who were erased elsewhere cannot be recognised here: only the house they come from can read those hashes.");
        }
    }

    private async Task<int> ImagesAsync(MailingList list, string handle, BundleReader bundle, CancellationToken ct)
    {
        var count = 0;
        foreach (var (name, _) in bundle.Images.ToList())
        {
            if ((await images.AddAsync(Actor.Job, handle, list.Name, await bundle.BytesAsync(name, ListImages.MostBytes, ct), "an image of an earlier issue", ct)).Refused is { } no)
            {
                throw new BundleFault($"{name}: {no.Message}");
            }

            count++;
        }

        return count;
    }

    private int IssuesOf(MailingList list, string handle, BundleReader bundle, List<string> notes)
    {
        var (here, waiting) = (new Uri(panel.Value.PublicUri, $"/lists/{handle}/{list.Name}/images/").ToString(), 0);
        var there = bundle.Head.ImagesUrl is { Length: > 10 } url && url.StartsWith("http", StringComparison.Ordinal) ? url : null;
        foreach (var issue in bundle.Issues)
        {
            if (string.IsNullOrWhiteSpace(issue?.Subject) || issue.Subject.Length > 255 || issue.Subject.Any(char.IsControl) || issue.Markdown is not { Length: > 0 and <= LongestMarkdown })
            {
                throw new BundleFault($"{BundleFormat.Issues}: issue {issue?.Id} lacks its subject or its text, or they are too long.");
            }

            var started = issue.StartedAt?.ToUniversalTime();
            var state = (issue.State, started) switch { ("cancelled", _) => IssueState.Cancelled, (_, not null) => IssueState.Sent, _ => IssueState.Draft };
            waiting += state == IssueState.Draft && issue.State != "draft" ? 1 : 0;
            db.Add(new Issue
            {
                ListId = list.Id,
                Subject = issue.Subject,
                Markdown = there is null ? issue.Markdown : issue.Markdown.Replace(there, here, StringComparison.Ordinal),
                State = state,
                CreatedAt = issue.CreatedAt.ToUniversalTime(),
                ChangedAt = issue.ChangedAt.ToUniversalTime(),
                StartedAt = started,
                FrozenAt = started,
                FinishedAt = started is null ? null : issue.FinishedAt?.ToUniversalTime() ?? started,
                WithdrawnAt = issue.WithdrawnAt?.ToUniversalTime(),
            });
        }

        if (waiting > 0)
        {
            notes.Add($"{waiting:N0} issues were waiting to be sent. Here they are drafts: nothing that comes in is sent.");
        }

        return bundle.Issues.Count;
    }

    private static string Fit(string value) => value.Length <= 100 && !value.Any(char.IsControl) ? value : "";
}
