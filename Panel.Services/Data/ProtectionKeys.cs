using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.Extensions.DependencyInjection;

namespace Panel.Services.Data;

/// <summary>One Data Protection key, sealed with AES-256-GCM under a key derived from the master.</summary>
public sealed class ProtectionKey
{
    public long Id { get; init; }

    public required string Name { get; init; }

    public required byte[] Sealed { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ProtectionKey>
    {
        public void Configure(EntityTypeBuilder<ProtectionKey> builder) => builder.ToTable("protection_keys");
    }
}

/// <summary>Keeps the framework's key ring in the database, so that all nodes share it and a stolen copy of the database
/// alone opens no session.</summary>
internal sealed class ProtectionKeys(IServiceScopeFactory scopes, HouseKeys keys) : IXmlRepository
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var scope = scopes.CreateScope();
        var stored = scope.ServiceProvider.GetRequiredService<PanelDb>().Set<ProtectionKey>().AsNoTracking().ToList();
        return [.. stored.Select(k => XElement.Parse(Open(k.Sealed)))];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var scope = scopes.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<PanelDb>();
        db.Add(new ProtectionKey { Name = friendlyName, Sealed = Seal(element.ToString(SaveOptions.DisableFormatting)) });
        db.SaveChanges();
    }

    private byte[] Seal(string text)
    {
        var plain = System.Text.Encoding.UTF8.GetBytes(text);
        var result = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(result.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(keys.KeyFor("protection-keys"), TagBytes);
        aes.Encrypt(result.AsSpan(0, NonceBytes), plain, result.AsSpan(NonceBytes + TagBytes), result.AsSpan(NonceBytes, TagBytes));
        return result;
    }

    private string Open(byte[] stored)
    {
        var plain = new byte[stored.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(keys.KeyFor("protection-keys"), TagBytes);
        aes.Decrypt(stored.AsSpan(0, NonceBytes), stored.AsSpan(NonceBytes + TagBytes), stored.AsSpan(NonceBytes, TagBytes), plain);
        return System.Text.Encoding.UTF8.GetString(plain);
    }
}
