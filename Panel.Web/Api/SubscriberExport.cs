using System.Globalization;
using System.Text;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Importing;

namespace Panel.Web.Api;

/// <summary>Subscribers as CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets an apostrophe before it (rule V10).</summary>
internal static class SubscriberExport
{
    public static async Task WriteAsync(IAsyncEnumerable<SubscriberPage> rows, Stream body, CancellationToken ct)
    {
        await using var text = new StreamWriter(body, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\r\n" };
        await text.WriteLineAsync("email,name,state,consentAt,joinedAt,changedAt".AsMemory(), ct);
        await foreach (var row in rows.WithCancellation(ct))
        {
            string[] cells = [row.Email, row.Name, row.State.ToString().ToLowerInvariant(), At(row.ConsentAt), At(row.JoinedAt), At(row.ChangedAt)];
            await text.WriteLineAsync(string.Join(',', cells.Select(CsvCell.Of)).AsMemory(), ct);
        }
    }

    private static string At(DateTime? time) => time?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) ?? "";
}
