using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Hosting;
using Panel.Services.Audit;
using Panel.Services.Data;
using Panel.Services.Members;

namespace Panel.Services.Hosting;

/// <summary>What an admin pastes on the new machine. <paramref name="Line"/> works once, until <paramref name="Until"/>;
/// <paramref name="Hint"/> says what still keeps it from working.</summary>
public sealed record HostInvited(long Id, string Name, string Line, DateTime Until, string? Hint);

/// <summary>How another machine becomes a host: an admin makes a line, its agent shows the code of the line once and gets a token of
/// its own. A token reads its own host's accounts and reports on them, nothing else.</summary>
public sealed class HostInvitations(PanelDb db, HouseKeys keys, AgentKey key, AuditTrail audit, IOptions<HostingOptions> hosting, IOptions<PanelOptions> panel, TimeProvider time)
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    /// <summary>Adds a host, or makes a new line for one; the token of a machine that joined before ends when another joins.</summary>
    public async Task<Outcome<HostInvited>> InviteAsync(Actor by, string name, CancellationToken ct)
    {
        if (!by.IsAdmin)
        {
            return new NotAllowed("Only an admin adds hosts.");
        }

        if (Handles.CheckName(name) is not null || name == Hosts.Local)
        {
            return new Refusal("A host's name has 1 to 31 small letters, digits and single hyphens between them, and is not 'local'.", "name");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var host = await db.Set<Host>().SingleOrDefaultAsync(h => h.Name == name, ct);
        if (host is { Link: HostLink.Local })
        {
            return new InTheWay($"{name} is the machine that Panel itself runs on; its agent needs no line.", "name");
        }

        var (now, code) = (time.GetUtcNow().UtcDateTime, Secret());
        if (host is null)
        {
            var epoch = await db.Set<HouseSetting>().Where(s => s.Name == HouseSetting.Epoch).Select(s => s.Value).SingleAsync(ct);
            db.Add(host = new Host { Name = name, Link = HostLink.Remote, ConfirmedEpoch = epoch, CreatedAt = now });
        }

        host.Invite(keys.Hash("host-join", code), now + Life);
        audit.Add(by, null, "host.add", name);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        var port = hosting.Value.ReadAgentListen()?.Port ?? 8444;
        return new HostInvited(host.Id, name, $"panel-agent --join https://{panel.Value.PublicUri.Host}:{port}/{key.Pin}/{code}", now + Life,
            hosting.Value.AgentListen.Length > 0 ? null : "Panel does not listen for other machines yet: set Hosting__AgentListen, for example to [::]:8444, and start it again.");
    }

    /// <summary>Takes a code for a token, once. The answer to every wrong code is the same.</summary>
    public async Task<Outcome<HostJoined>> JoinAsync(string code, CancellationToken ct)
    {
        var (hash, now, token) = (keys.Hash("host-join", code), time.GetUtcNow().UtcDateTime, Secret());
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        // Writing first takes the row's lock, so that one code makes one token.
        if (await db.Set<Host>().Where(h => h.JoinHash == hash && h.JoinUntil > now).ExecuteUpdateAsync(set => set.SetProperty(h => h.JoinUntil, now), ct) != 1)
        {
            return new NotAllowed("This line was used, is older than a day, or was replaced. Make a new one with: panel host add NAME");
        }

        var host = await db.Set<Host>().SingleAsync(h => h.JoinHash == hash, ct);
        host.Join(keys.Hash("host-token", token), now);
        audit.Add(new Actor(null, "agent", true, Door.Agent), null, "host.join", host.Name);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return new HostJoined(host.Name, token);
    }

    /// <summary>The host that a token speaks for, or null.</summary>
    public async Task<long?> HostOfAsync(string token, CancellationToken ct)
    {
        var hash = keys.Hash("host-token", token);
        return await db.Set<Host>().Where(h => h.TokenHash == hash && h.Link == HostLink.Remote).Select(h => (long?)h.Id).SingleOrDefaultAsync(ct);
    }

    public Task<long> LocalAsync(CancellationToken ct) => db.Set<Host>().Where(h => h.Link == HostLink.Local).Select(h => h.Id).SingleAsync(ct);

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
}
