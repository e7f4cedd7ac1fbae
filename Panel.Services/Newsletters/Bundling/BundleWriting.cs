using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Mail.Content;
using Panel.Services.Newsletters.Importing;
using Panel.Services.Newsletters.Sending;
using Panel.Services.Newsletters.Writing;

namespace Panel.Services.Newsletters.Bundling;

/// <summary>Writes a list as a zip; people are streamed.</summary>
public sealed class BundleWriting(PanelDb db, HouseKeys keys, TimeProvider time, IOptions<PanelOptions> panel)
{
    internal async Task WriteAsync(MailingList list, string handle, Stream to, CancellationToken ct)
    {
        using var zip = new ZipArchive(to, ZipArchiveMode.Create, leaveOpen: true);
        var images = new Uri(panel.Value.PublicUri, $"/lists/{handle}/{list.Name}/images/").ToString();
        await AddAsync(zip, BundleFormat.ReadMe, Encoding.UTF8.GetBytes(BundleFormat.ReadMeText), ct);
        await AddAsync(zip, BundleFormat.Head, JsonSerializer.SerializeToUtf8Bytes(new BundleHead(
            BundleHead.Known, list.Name, list.Title, list.Description, list.FromName, list.FromEmail, list.PostalAddress, list.Language, list.ConsentText, list.Fields,
            list.ArchiveClosedAt is null, keys.Fingerprint, images, time.GetUtcNow().UtcDateTime), BundleFormat.Json), ct);
        await PeopleAsync(zip, list, ct);
        await ConsentsAsync(zip, list, ct);
        await SuppressionsAsync(zip, list, ct);
        await IssuesAsync(zip, list, ct);
        await foreach (var image in db.Set<ListImage>().AsNoTracking().Where(i => i.ListId == list.Id).OrderBy(i => i.Id).AsAsyncEnumerable().WithCancellation(ct))
        {
            await AddAsync(zip, $"images/{image.Hash}.{image.Type}", image.Content, ct);
        }
    }

    private Task PeopleAsync(ZipArchive zip, MailingList list, CancellationToken ct) => CsvAsync(
        zip, BundleFormat.People, BundleFormat.PeopleColumns, db.Set<Subscriber>().AsNoTracking().Where(s => s.ListId == list.Id).OrderBy(s => s.Id).AsAsyncEnumerable(),
        s => [s.Email, s.Name, s.State.ToString().ToLowerInvariant(), BundleFormat.Time(s.JoinedAt), BundleFormat.Time(s.ConsentAt), BundleFormat.Time(s.ChangedAt), BundleFormat.Time(s.PausedUntil), s.Fields], ct);

    // Whoever came by a file has that file's stated source for a proof.
    private async Task ConsentsAsync(ZipArchive zip, MailingList list, CancellationToken ct)
    {
        var given = db.Set<Consent>().Join(db.Set<Subscriber>().Where(s => s.ListId == list.Id), c => c.SubscriberId, s => s.Id, (c, s) => new { s.Id, s.Email, c.Form, c.Text, c.GivenAt, c.ConfirmedAt, c.Network })
            .OrderBy(c => c.Id).AsAsyncEnumerable();
        var byFile = db.Set<Subscriber>().Where(s => s.ListId == list.Id).Join(db.Set<Import>(), s => s.ImportId, i => i.Id, (s, i) =>
            new { s.Id, s.Email, Form = "import", Text = i.Consent, GivenAt = i.StartedAt ?? i.CreatedAt, ConfirmedAt = i.StartedAt, Network = (string?)null }).OrderBy(c => c.Id).AsAsyncEnumerable();
        await CsvAsync(zip, BundleFormat.Consents, BundleFormat.ConsentColumns, given.Concat(byFile),
            c => [c.Email, c.Form, c.Text, BundleFormat.Time(c.GivenAt), BundleFormat.Time(c.ConfirmedAt), c.Network ?? ""], ct);
    }

    private Task SuppressionsAsync(ZipArchive zip, MailingList list, CancellationToken ct) => CsvAsync(
        zip, BundleFormat.Suppressions, BundleFormat.SuppressionColumns, db.Set<Suppression>().AsNoTracking().Where(s => s.ListId == list.Id).OrderBy(s => s.Id).AsAsyncEnumerable(),
        s => [s.EmailHash, s.Reason, BundleFormat.Time(s.At)], ct);

    private async Task IssuesAsync(ZipArchive zip, MailingList list, CancellationToken ct)
    {
        var issues = await db.Set<Issue>().AsNoTracking().Where(i => i.ListId == list.Id).OrderBy(i => i.Id).ToListAsync(ct);
        await AddAsync(zip, BundleFormat.Issues, JsonSerializer.SerializeToUtf8Bytes(issues.ConvertAll(i => new BundleIssue(
            i.Id, i.Subject, i.Markdown, i.State.ToString().ToLowerInvariant(), i.CreatedAt, i.ChangedAt, i.StartedAt, i.FinishedAt, i.WithdrawnAt)), BundleFormat.Json), ct);
        foreach (var issue in issues)
        {
            if (IssuePrinter.Render(issue, list, homeUrl: "").Value is { } rendered)
            {
                await AddAsync(zip, string.Create(CultureInfo.InvariantCulture, $"issues/{issue.Id}.eml"), Mail(issue, list, rendered), ct);
            }
        }
    }

    // As anybody might have got it: no name, no link of a person.
    private byte[] Mail(Issue issue, MailingList list, RenderedIssue rendered)
    {
        var domain = EmailAddress.Parse(list.FromEmail)?.Domain ?? "localhost";
        return MessageTemplate.Create(new MessageHead { FromName = list.FromName, FromEmail = list.FromEmail }, rendered)
            .ToArray(new MailPerson(list.FromEmail, MessageIds.For(keys.KeyFor(IssuePrinter.MessageIdKey), issue.Id, 0, domain), issue.StartedAt ?? issue.ChangedAt));
    }

    private static async Task CsvAsync<T>(ZipArchive zip, string name, string[] columns, IAsyncEnumerable<T> rows, Func<T, string[]> cells, CancellationToken ct)
    {
        await using var text = new StreamWriter(await zip.CreateEntry(name).OpenAsync(ct), new UTF8Encoding(false)) { NewLine = "\r\n" };
        await text.WriteLineAsync(string.Join(',', columns).AsMemory(), ct);
        await foreach (var row in rows.WithCancellation(ct))
        {
            await text.WriteLineAsync(string.Join(',', cells(row).Select(CsvCell.Of)).AsMemory(), ct);
        }
    }

    private static async Task AddAsync(ZipArchive zip, string name, byte[] content, CancellationToken ct)
    {
        await using var file = await zip.CreateEntry(name).OpenAsync(ct);
        await file.WriteAsync(content, ct);
    }
}
