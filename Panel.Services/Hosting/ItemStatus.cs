using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Panel.Hosting;

namespace Panel.Services.Hosting;

/// <summary>The newest that a host said about one item of an account.</summary>
public sealed class ItemStatus
{
    public const string Account = "account";
    public const string SiteItem = "site";
    public const string KeyItem = "key";
    public const string DatabaseItem = "database";
    public const string TaskItem = "task";

    /// <summary>The certificate of the site of the same name.</summary>
    public const string CertificateItem = "certificate";

    public long HostId { get; init; }

    public long MemberId { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>The account revision that was reported on.</summary>
    public long Revision { get; private set; }

    public ItemState State { get; private set; }

    public string? Message { get; private set; }

    public long Milliseconds { get; private set; }

    public DateTime At { get; private set; }

    /// <summary>The end of a certificate's life.</summary>
    public DateTime? Until { get; private set; }

    /// <summary>Number of the report that last changed state or message; a repeated report changes nothing.</summary>
    public long Version { get; private set; }

    /// <summary>Takes the report unless it is older than what is known; true when it answers a newer change or says something new.</summary>
    public bool Take(long revision, ItemReport report, string? message, DateTime at, long version)
    {
        if (revision < Revision)
        {
            return false;
        }

        var answers = revision != Revision;
        var isNew = Version == 0 || report.State != State || message != Message || report.Until?.ToUniversalTime() != Until;
        (Revision, State, Message, At, Until) = (revision, report.State, message, at, report.Until?.ToUniversalTime());
        Version = isNew ? version : Version;
        Milliseconds = isNew || answers ? report.Milliseconds : Milliseconds;
        return isNew || answers;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<ItemStatus>
    {
        public void Configure(EntityTypeBuilder<ItemStatus> builder)
        {
            builder.ToTable("item_statuses");
            builder.HasKey(s => new { s.HostId, s.MemberId, s.Kind, s.Name });
        }
    }
}
