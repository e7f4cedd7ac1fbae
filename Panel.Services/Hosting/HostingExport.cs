using Panel.Hosting;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>Sites, domains, keys, databases and tasks as JSON, and the files and dumps themselves from the host.</summary>
internal sealed class HostingExport(
    Sites sites, Domains domains, Keys keys, Databases databases, Tasks tasks, HostWork work, HostArchives archives, ItemViews views) : IExportPart
{
    public async Task WriteAsync(Actor by, Member member, ExportArchive to, CancellationToken ct)
    {
        var handle = member.Handle;
        await to.AddAsync("hosting/sites.json", (await sites.ListAsync(by, handle, ct)).Value, ct);
        await to.AddAsync("hosting/domains.json", (await domains.ListAsync(by, handle, ct)).Value, ct);
        await to.AddAsync("hosting/keys.json", (await keys.ListAsync(by, handle, ct)).Value, ct);
        await to.AddAsync("hosting/databases.json", (await databases.ListAsync(by, handle, ct)).Value, ct);
        await to.AddAsync("hosting/tasks.json", (await tasks.ListAsync(by, handle, ct)).Value, ct);
        if ((await views.OfAsync(member, ItemStatus.Account, ct)).Host is not { } host)
        {
            to.Note("No host carries the account, so there are no files.");
            return;
        }

        await archives.ClearAsync(handle, ct);
        var asked = await work.AskAsync(by, host, AgentWork.Export, handle, null, Backups.Limit, ct);
        if (asked.Refused is { } no)
        {
            to.Note($"The files and databases are missing: {no.Message}");
            return;
        }

        var place = archives.PathOf(asked.Value!.RequestId);
        try
        {
            await using var tar = File.OpenRead(place);
            await to.CopyAsync("hosting/", tar, ct);
        }
        finally
        {
            File.Delete(place);
        }
    }
}
