using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Writing;

/// <param name="Markdown">The image as it stands in the text of an issue.</param>
public sealed record ImageAdded(Uri Url, string Markdown);

/// <summary>Pictures for the issues of a list, kept by us so that no other house learns who opens a mail.</summary>
public sealed class ListImages(PanelDb db, Lists lists, AuditTrail audit, TimeProvider time, IOptions<PanelOptions> panel)
{
    public const int MostBytes = 2 * 1024 * 1024;
    private const int MostPerList = 500;

    /// <summary>Of all lists of a member, removed ones too: they lie in the house's own database.</summary>
    private const long MostOfMember = 256 * 1024 * 1024;

    private const int LongestWords = 250;

    /// <summary>Takes a PNG, JPEG, GIF or WebP with the words for those who do not see it. SVG is a program and refused (V3).</summary>
    public async Task<Outcome<ImageAdded>> AddAsync(Actor by, string handle, string list, byte[] content, string? words, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, list, ct) is not { } found)
        {
            return new NotThere($"list {handle}/{list}");
        }

        var alt = words?.Trim() ?? "";
        if (alt.Length is 0 or > LongestWords || alt.Any(c => char.IsControl(c) || c is '[' or ']' or '{' or '}'))
        {
            return new Refusal($"Say in 1 to {LongestWords} characters, without brackets, what the image shows: some readers hear it.", "alt");
        }

        if (content.Length is 0 or > MostBytes || TypeOf(content) is not { } type)
        {
            return new Refusal($"An image is a PNG, JPEG, GIF or WebP of at most {MostBytes / 1024 / 1024} MB.", "image");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(content)[..16]);
        await using var transaction = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(ct) : null;
        // Writing first takes the rows' locks, so that two uploads are counted one after the other and the same one twice is one.
        await db.Set<MailingList>().Where(l => l.MemberId == found.MemberId).ExecuteUpdateAsync(set => set.SetProperty(l => l.MemberId, l => l.MemberId), ct);
        if (!await db.Set<ListImage>().AnyAsync(i => i.ListId == found.Id && i.Hash == hash, ct))
        {
            if (await db.Set<ListImage>().CountAsync(i => i.ListId == found.Id, ct) >= MostPerList)
            {
                return new InTheWay($"The list has {MostPerList} images; that is the limit.");
            }

            if (await db.Set<ListImage>().Where(i => db.Set<MailingList>().Any(l => l.Id == i.ListId && l.MemberId == found.MemberId)).SumAsync(i => (long)i.Content.Length, ct) + content.Length > MostOfMember)
            {
                return new InTheWay($"The images of all your lists take {MostOfMember / 1024 / 1024} MB; that is the limit.");
            }

            db.Add(new ListImage { ListId = found.Id, Hash = hash, Type = type, Content = content, At = time.GetUtcNow().UtcDateTime });
            audit.Add(by, found.MemberId, "image.add", list, ("words", null, alt));
            await db.SaveChangesAsync(ct);
            await (transaction?.CommitAsync(ct) ?? Task.CompletedTask);
        }

        var url = new Uri(panel.Value.PublicUri, $"/lists/{handle}/{list}/images/{hash}.{type}");
        return new ImageAdded(url, $"![{alt}]({url})");
    }

    /// <summary>The picture for everybody who knows its name; gone when every issue that shows it was withdrawn (V7).</summary>
    public async Task<Outcome<ListImage>> ReadAsync(string handle, string list, string hash, string type, CancellationToken ct)
    {
        if (await SignUps.FindAsync(db, handle, list, ct) is not { } found ||
            await db.Set<ListImage>().AsNoTracking().SingleOrDefaultAsync(i => i.ListId == found.List.Id && i.Hash == hash && i.Type == type, ct) is not { } image)
        {
            return new NotThere("such image");
        }

        var name = $"/images/{image.Hash}.";
        var shown = db.Set<Issue>().Where(i => i.ListId == found.List.Id && i.Markdown.Contains(name));
        return await shown.AnyAsync(i => i.WithdrawnAt != null, ct) && !await shown.AnyAsync(i => i.WithdrawnAt == null, ct) ? new TakenAway("This image was taken away.") : image;
    }

    // PNG §5.2, JFIF/Exif SOI, GIF89a §17, RFC 9649 §2.
    private static string? TypeOf(ReadOnlySpan<byte> content) =>
        content.Length > 8 && content[0] == 0x89 && content[1..].StartsWith("PNG\r\n\x1a\n"u8) ? "png"
        : content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "jpg"
        : content.StartsWith("GIF87a"u8) || content.StartsWith("GIF89a"u8) ? "gif"
        : content.Length > 12 && content.StartsWith("RIFF"u8) && content[8..].StartsWith("WEBP"u8) ? "webp"
        : null;
}
