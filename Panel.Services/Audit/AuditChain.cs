using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Panel.Services.Data;

namespace Panel.Services.Audit;

/// <summary>Links new entries to the end of their chains. SHA-256 over the previous hash and length-prefixed fields, so that
/// no two different entries have the same input.</summary>
internal static class AuditChain
{
    public static async Task LinkAsync(PanelDb db, CancellationToken ct)
    {
        var added = db.ChangeTracker.Entries<AuditEntry>().Where(e => e.State == EntityState.Added && e.Entity.Number == 0).Select(e => e.Entity).ToList();
        foreach (var chain in added.GroupBy(e => e.Chain).OrderBy(g => g.Key))
        {
            // Writing the head first takes its row lock (PostgreSQL) or the write lock (SQLite): chains never fork.
            var head = (await db.Set<AuditHead>().FromSql(
                $"INSERT INTO audit_heads (chain, number, hash) VALUES ({chain.Key}, 0, '') ON CONFLICT (chain) DO UPDATE SET number = audit_heads.number RETURNING chain, number, hash")
                .AsNoTracking().ToListAsync(ct)).Single();
            foreach (var entry in chain)
            {
                entry.Number = ++head.Number;
                entry.Hash = head.Hash = HashOf(entry, head.Hash);
            }

            await db.Database.ExecuteSqlAsync($"UPDATE audit_heads SET number = {head.Number}, hash = {head.Hash} WHERE chain = {chain.Key}", ct);
        }
    }

    public static string HashOf(AuditEntry entry, string previous)
    {
        var text = new StringBuilder();
        void Put(string? field) => text.Append(CultureInfo.InvariantCulture, $"{field?.Length ?? -1}:{field};");
        Put(previous);
        Put(entry.Chain.ToString(CultureInfo.InvariantCulture));
        Put(entry.Number.ToString(CultureInfo.InvariantCulture));
        Put(entry.At.ToString("yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture));
        Put(entry.Actor);
        Put(entry.Door.ToString());
        Put(entry.Action);
        Put(entry.Target);
        foreach (var value in entry.Values.OrderBy(v => v.Field, StringComparer.Ordinal))
        {
            Put(value.Field);
            Put(value.OldHash);
            Put(value.NewHash);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
