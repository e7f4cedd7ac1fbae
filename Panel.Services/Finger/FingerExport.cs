using Panel.Services.Members;

namespace Panel.Services.Finger;

internal sealed class FingerExport(FingerAccounts accounts) : IExportPart
{
    public async Task WriteAsync(Actor by, Member member, ExportArchive to, CancellationToken ct) =>
        await to.AddAsync("finger.json", (await accounts.ShowAsync(by, member.Handle, ct)).Value, ct);
}
