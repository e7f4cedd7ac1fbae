using Microsoft.EntityFrameworkCore;
using Panel.Services.Audit;
using Panel.Services.Data;

namespace Panel.Services.Newsletters.Bundling;

/// <param name="People">Everybody who came, whatever their state.</param>
/// <param name="Confirmed">Those of them who get the next issue.</param>
/// <param name="Notes">What did not come or came otherwise, in sentences.</param>
public sealed record BundleTaken(ListPage List, int People, int Confirmed, int Issues, int Images, IReadOnlyList<string> Notes);

/// <summary>A whole list out, and in again as a new list of any member of any house: people with their consents, the issues, the
/// images. Whoever has left, bounced or complained arrives as such; nothing is half taken, and nothing that comes in is sent.</summary>
public sealed class ListBundles(PanelDb db, Lists lists, BundleWriting writing, BundleTaking taking, AuditTrail audit)
{
    /// <summary>The list as a zip, ready to be read from its start. The caller disposes of it.</summary>
    public async Task<Outcome<Stream>> ExportAsync(Actor by, string handle, string name, CancellationToken ct)
    {
        if (await lists.FindAsync(by, handle, name, ct) is not { } list)
        {
            return new NotThere($"list {handle}/{name}");
        }

        audit.Add(by, list.MemberId, "list.export", name);
        await db.SaveChangesAsync(ct);
        var file = new FileStream(Path.GetTempFileName(), new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
        try
        {
            await writing.WriteAsync(list, handle, file, ct);
            file.Position = 0;
            return Outcome.Of<Stream>(file);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a new list of an archive, all or nothing; a hostile or broken one is refused in words.</summary>
    /// <param name="by">Who brings it.</param>
    /// <param name="handle">Whose list it becomes.</param>
    /// <param name="name">What it is called here.</param>
    /// <param name="from">The sender, as in <c>Name &lt;a@b.example&gt;</c>; null: as in the archive.</param>
    /// <param name="zip">The archive; it must be seekable.</param>
    /// <param name="ct">Ends it with nothing changed.</param>
    public async Task<Outcome<BundleTaken>> ImportAsync(Actor by, string handle, string name, string? from, Stream zip, CancellationToken ct)
    {
        var opened = await BundleReader.OpenAsync(zip, ct);
        if (!opened.Succeeded)
        {
            return opened.Refused;
        }

        using var bundle = opened.Value;
        var head = bundle.Head;
        if (head.Version != BundleHead.Known)
        {
            return new Refusal($"This archive has the form {head.Version}; this house reads form {BundleHead.Known}.", "file");
        }

        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        try
        {
            var sender = string.IsNullOrWhiteSpace(from) ? $"{head.FromName} <{head.FromEmail}>" : from;
            var added = await lists.AddAsync(by, handle, new NewList(name, head.Title ?? "", sender, head.PostalAddress, head.Description, head.Language), ct);
            if (!added.Succeeded)
            {
                return added.Refused;
            }

            var list = await db.Set<MailingList>().SingleAsync(l => l.Id == added.Value.Id, ct);
            var taken = await taking.TakeAsync(by, handle, list, bundle, ct);
            if (!taken.Succeeded)
            {
                return taken.Refused;
            }

            audit.Add(by, list.MemberId, "list.import", name, ("people", null, $"{taken.Value.People}"), ("issues", null, $"{taken.Value.Issues}"));
            await db.SaveChangesAsync(ct);
            await transaction.CommitAsync(ct);
            return taken.Value with { List = (await lists.ShowAsync(by, handle, name, ct)).Value! };
        }
        catch (Exception broken) when (BundleReader.IsBroken(broken))
        {
            return BundleReader.Words(broken);
        }
    }
}
