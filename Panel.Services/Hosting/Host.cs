using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>How the agent of a host reaches Panel: over the Unix socket of the same machine, or over TLS with a token.</summary>
public enum HostLink { Local, Remote }

/// <summary>A machine that carries accounts. <see cref="Revision"/> counts the changes of its desired state; it is raised
/// only by <see cref="Revisions"/>, in the transaction of the change, so that commit order is revision order.</summary>
public sealed class Host
{
    /// <summary>A host that did not call for this long is shown as silent.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public long Id { get; init; }

    public required string Name { get; init; }

    public HostLink Link { get; init; }

    /// <summary>Begins at 1, because an agent that knows nothing asks for what is newer than 0.</summary>
    public long Revision { get; private set; } = 1;

    /// <summary>Counts the reports; a status that a report changed carries its number.</summary>
    public long ReportNumber { get; private set; }

    /// <summary>The epoch of the database in which removals were last known to be right.</summary>
    public required string ConfirmedEpoch { get; set; }

    /// <summary>Since when nothing may be taken away, because the database looks restored; null when nothing is held.</summary>
    public DateTime? RemovalsHeldAt { get; set; }

    public DateTime CreatedAt { get; init; }

    /// <summary>Keyed hash of the code in the line that lets a machine join once; null when it was used or there is none.</summary>
    public string? JoinHash { get; private set; }

    public DateTime? JoinUntil { get; private set; }

    /// <summary>Keyed hash of the token that the agent of a joined machine shows.</summary>
    public string? TokenHash { get; private set; }

    public DateTime? JoinedAt { get; private set; }

    public DateTime? SeenAt { get; private set; }

    public DateTime? ReportedAt { get; private set; }

    public long ReportedRevision { get; private set; }

    public long PassMilliseconds { get; private set; }

    /// <summary><see cref="HostFacts"/> as JSON.</summary>
    public string? Facts { get; private set; }

    /// <summary>Accounts found on the host that Panel does not know, as JSON.</summary>
    public string? Orphans { get; private set; }

    public HostFacts? ReadFacts() => AgentWire.ReadFacts(Facts);

    public bool IsSilent(DateTime now) => SeenAt is not { } seen || now - seen > Patience;

    /// <summary>Lets one machine join until <paramref name="until"/>; an earlier line ends with that, an earlier token with the joining.</summary>
    public void Invite(string joinHash, DateTime until) => (JoinHash, JoinUntil) = (joinHash, until);

    public void Join(string tokenHash, DateTime at) => (TokenHash, JoinedAt, JoinHash, JoinUntil) = (tokenHash, at, null, null);

    public void Hear(HostReport report, DateTime at)
    {
        ReportNumber++;
        (SeenAt, ReportedAt, ReportedRevision) = (at, at, report.Revision);
        (Facts, Orphans) = (AgentWire.Write(report.Facts), AgentWire.Write(report.Orphans));
        if (report.Accounts.Count > 0 || report.Full)
        {
            PassMilliseconds = report.Milliseconds;
        }
    }

    internal sealed class Mapping : IEntityTypeConfiguration<Host>
    {
        public void Configure(EntityTypeBuilder<Host> builder) => builder.ToTable("hosts");
    }
}
