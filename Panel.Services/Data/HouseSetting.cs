using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Panel.Services.Data;

/// <summary>A named fact about this installation, such as its key fingerprint or the epoch of its database.</summary>
public sealed class HouseSetting
{
    public const string KeyFingerprint = "key-fingerprint";
    public const string Epoch = "epoch";

    /// <summary>When and by whom the key of the backups was downloaded.</summary>
    public const string BackupKey = "backup-key-downloaded";

    public required string Name { get; init; }

    public required string Value { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<HouseSetting>
    {
        public void Configure(EntityTypeBuilder<HouseSetting> builder)
        {
            builder.ToTable("house_settings");
            builder.HasKey(s => s.Name);
        }
    }
}
