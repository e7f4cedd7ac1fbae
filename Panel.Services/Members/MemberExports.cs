using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Members;

/// <summary>Everything of a member in one archive that other programs can read: leaving is a right, and one click.</summary>
public sealed class MemberExports(PanelDb db, Members members, IEnumerable<IExportPart> parts, AuditTrail audit, TimeProvider time)
{
    /// <summary>Who is asked for, or why not; call it before <see cref="WriteAsync"/>, which cannot refuse any more.</summary>
    public async Task<Outcome<Done>> BeginAsync(Actor by, string handle, CancellationToken ct)
    {
        if (await members.ReachAsync(by, handle, ct) is not { } member)
        {
            return new NotThere($"member {handle}");
        }

        audit.Add(by, member.Id, "member.export", handle);
        await db.SaveChangesAsync(ct);
        return Done.It;
    }

    /// <summary>Writes a tar archive, compressed by gzip, whose README.txt explains every part and says what is missing.</summary>
    public async Task WriteAsync(Actor by, string handle, Stream to, CancellationToken ct)
    {
        var member = await members.ReachAsync(by, handle, ct) ?? throw new InvalidOperationException($"{handle} was reached a moment ago.");
        await using var zip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
        await using var tar = new TarWriter(zip, TarEntryFormat.Pax, leaveOpen: true);
        var archive = new ExportArchive(tar, zip, time.GetUtcNow());
        await archive.AddAsync("account.json", (await members.ShowAsync(by, handle, ct)).Value, ct);
        await archive.AddAsync("changes.json", (await audit.ListAsync(by, handle, null, ct)).Value, ct);
        foreach (var part in parts)
        {
            await part.WriteAsync(by, member, archive, ct);
        }

        await archive.AddAsync("README.txt", Encoding.UTF8.GetBytes(Readme(handle, archive.Notes)), ct);
    }

    private string Readme(string handle, IReadOnlyList<string> notes) => $"""
        Everything that Panel keeps of {handle}, written on {time.GetUtcNow():yyyy-MM-dd HH:mm} UTC.

        account.json          who you are here
        changes.json          the last changes of your things, by whom and when
        finger.json           your finger account: plan, project and name
        finger/               posts.json, following.json, and plans.json with your earlier plans
        newsletters/          a folder for each list: list.json, subscribers.csv (with their consent), issues.json
        hosting/home, private your files as they are
        hosting/sites         the files of your sites
        hosting/databases     a dump of each database in plain SQL (mariadb or psql reads it)
        hosting/*.json        sites, domains, keys, databases and tasks as they were set up

        JSON and CSV are UTF-8, times are UTC. Passwords are not in here: nobody knows them.
        {(notes.Count == 0 ? "Nothing is missing." : "Missing:\n" + string.Join('\n', notes))}

        """;
}
