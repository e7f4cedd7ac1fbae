using System.Globalization;
using System.Text;
using Panel.Services.Members;
using Panel.Services.Newsletters.Importing;

namespace Panel.Services.Newsletters;

/// <summary>Every list with its subscribers as CSV, as the panel itself imports it, and its issues.</summary>
internal sealed class NewslettersExport(Lists lists, Subscribers subscribers, Issues issues) : IExportPart
{
    public async Task WriteAsync(Actor by, Member member, ExportArchive to, CancellationToken ct)
    {
        foreach (var list in (await lists.ListAsync(by, member.Handle, ct)).Value ?? [])
        {
            await to.AddAsync($"newsletters/{list.Name}/list.json", list, ct);
            await to.AddAsync($"newsletters/{list.Name}/issues.json", (await issues.ListAsync(by, member.Handle, list.Name, ct)).Value, ct);
            if ((await subscribers.ExportAsync(by, member.Handle, list.Name, null, ct)).Value is { } rows)
            {
                var csv = new StringBuilder("email,name,state,consentAt,joinedAt\r\n");
                await foreach (var row in rows.WithCancellation(ct))
                {
                    csv.AppendJoin(',', CsvCell.Of(row.Email), CsvCell.Of(row.Name), row.State.ToString().ToLowerInvariant(), At(row.ConsentAt), At(row.JoinedAt)).Append("\r\n");
                }

                await to.AddAsync($"newsletters/{list.Name}/subscribers.csv", Encoding.UTF8.GetBytes(csv.ToString()), ct);
            }
        }
    }

    private static string At(DateTime? time) => time?.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) ?? "";
}
