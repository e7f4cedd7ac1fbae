using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Hosting;
using Panel.Services.Data;

namespace Panel.Services.Hosting;

/// <summary>Archives that hosts send to Panel because they were asked to.</summary>
public sealed class HostArchives(PanelDb db, IOptions<PanelOptions> options)
{
    /// <summary>Keeps the archive for the request that it answers; whole, or not at all.</summary>
    public async Task<Outcome<Done>> TakeAsync(long host, long request, Stream from, CancellationToken ct)
    {
        if (!await db.Set<HostRequest>().AnyAsync(r => r.Id == request && r.HostId == host && r.Work == AgentWork.Export && r.AnsweredAt == null && r.TakenAt != null, ct))
        {
            return new NotThere($"open request {request}");
        }

        var place = PathOf(request);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using (var file = new FileStream($"{place}.part", FileMode.Create))
        {
            await from.CopyToAsync(file, ct);
        }

        File.Move($"{place}.part", place, overwrite: true);
        return Done.It;
    }

    /// <summary>Who asked for an archive and went away before it came leaves it behind: there is never more than the newest of an account.</summary>
    internal async Task ClearAsync(string handle, CancellationToken ct)
    {
        var earlier = await db.Set<HostRequest>().Where(r => r.Handle == handle && r.Work == AgentWork.Export).Select(r => r.Id).ToListAsync(ct);
        foreach (var left in earlier.Select(PathOf).Where(File.Exists))
        {
            File.Delete(left);
        }
    }

    internal string PathOf(long request) => options.Value.PathOf("exports", $"{request}.tar");
}
