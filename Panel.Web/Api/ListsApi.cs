using Panel.Services;
using Panel.Services.Mail.Returned;
using Panel.Services.Newsletters;
using Panel.Services.Newsletters.Bundling;
using Panel.Services.Newsletters.Returning;

namespace Panel.Web.Api;

internal static class ListsApi
{
    /// <summary>Limit of one import by upload: a million addresses are about 40 MB.</summary>
    private const long MostImportBytes = 128 * 1024 * 1024;

    public static void MapLists(this RouteGroupBuilder api)
    {
        var lists = api.MapGroup("/members/{handle}/lists").Scope("lists");
        lists.MapGet("/", async (string handle, Actor by, Lists all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        lists.MapPost("/", async (string handle, NewList wanted, Actor by, Lists all, CancellationToken ct) => (await all.AddAsync(by, handle, wanted, ct)).ToCreated());
        lists.MapGet("/{name}", async (string handle, string name, Actor by, Lists all, CancellationToken ct) => (await all.ShowAsync(by, handle, name, ct)).ToResult());
        lists.MapPut("/{name}", async (string handle, string name, ListChange change, Actor by, Lists all, CancellationToken ct) =>
            (await all.UpdateAsync(by, handle, name, change, ct)).ToResult());

        lists.MapGet("/{name}/archive", async (string handle, string name, Actor by, ListBundles all, CancellationToken ct) =>
            await all.ExportAsync(by, handle, name, ct) is { Value: { } zip } ? Results.Stream(zip, "application/zip", $"{name}.zip") : ApiSetup.Refuse(new NotThere($"list {handle}/{name}")));
        lists.MapPost("/{name}/archive", async (string handle, string name, string? from, HttpRequest request, Actor by, ListBundles all, CancellationToken ct) =>
        {
            await using var zip = await SpooledAsync(request.Body, ct);
            return (await all.ImportAsync(by, handle, name, from, zip, ct)).ToCreated();
        }).Accepts<Stream>("application/zip").WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(Newsletters.BundlesController.MostBytes));

        var people = lists.MapGroup("/{name}/subscribers");
        people.MapGet("/", async (string handle, string name, string? state, long? after, long? segment, Actor by, Subscribers all, CancellationToken ct) =>
            StateOf(state) is { Refused: { } no } ? ApiSetup.Refuse(no) : (await all.ListAsync(by, handle, name, StateOf(state).Value, after, ct, segment)).ToResult());
        people.MapPost("/import", async (string handle, string name, string? consent, HttpRequest request, Actor by, Subscribers all, CancellationToken ct) =>
            (await all.ImportAsync(by, handle, name, await SpooledAsync(request.Body, ct), consent, ct)).ToResult())
            .Accepts<Stream>("text/csv").WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(MostImportBytes));
        people.MapGet("/export", async (string handle, string name, Actor by, Subscribers all, CancellationToken ct) =>
            await all.ExportAsync(by, handle, name, null, ct) is { Value: { } rows }
                ? Results.Stream(body => SubscriberExport.WriteAsync(rows, body, ct), "text/csv; charset=utf-8", $"{name}.csv")
                : ApiSetup.Refuse(new NotThere($"list {handle}/{name}")));

        lists.MapGet("/{name}/returned", async (string handle, string name, string? kind, long? before, Actor by, ReturnedMails all, CancellationToken ct) =>
            KindOf(kind) is { Refused: { } no } ? ApiSetup.Refuse(no) : (await all.ListAsync(by, handle, name, KindOf(kind).Value, before, ct)).ToResult());

        var mail = api.MapGroup("/mail").Scope("lists");
        mail.MapGet("/", (Actor by, MailSettings settings) => settings.Show(by).ToResult());
        mail.MapGet("/health", async (int? days, Actor by, DeliveryHealth health, CancellationToken ct) => (await health.ShowAsync(by, days ?? 30, ct)).ToResult());

        var domains = api.MapGroup("/members/{handle}/sender-domains").Scope("lists");
        domains.MapGet("/", async (string handle, Actor by, SenderDomains all, CancellationToken ct) => (await all.ListAsync(by, handle, ct)).ToResult());
        domains.MapPost("/{domain}/check", async (string handle, string domain, Actor by, SenderDomainChecks all, CancellationToken ct) =>
            (await all.CheckAsync(by, handle, domain, ct)).ToResult());
        domains.MapPut("/{domain}/approval", async (string handle, string domain, Actor by, SenderDomains all, CancellationToken ct) =>
            (await all.ApproveAsync(by, handle, domain, ct)).ToResult());
    }

    // States are small letters in every answer, so also in a question; the framework's own binding would want them capital.
    private static Outcome<SubscriberState?> StateOf(string? word) => word is null
        ? default(SubscriberState?)
        : Enum.TryParse<SubscriberState>(word, ignoreCase: true, out var state) && !char.IsAsciiDigit(word[0])
            ? (SubscriberState?)state
            : new Refusal($"The state is one of: {string.Join(", ", Enum.GetNames<SubscriberState>()).ToLowerInvariant()}.", "state");

    private static Outcome<ReturnedKind?> KindOf(string? word) => word is null
        ? default(ReturnedKind?)
        : Enum.TryParse<ReturnedKind>(word, ignoreCase: true, out var kind) && !char.IsAsciiDigit(word[0])
            ? (ReturnedKind?)kind
            : new Refusal("The kind is one of: hard, soft, progress, complaint, autoReply, reply, unclear.", "kind");

    // The reader is synchronous; a slow upload must not hold a thread, nor the database, so it lands on disk first.
    private static async Task<Stream> SpooledAsync(Stream body, CancellationToken ct)
    {
        var file = new FileStream(Path.GetTempFileName(), new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
        try
        {
            await body.CopyToAsync(file, ct);
            file.Position = 0;
            return file;
        }
        catch
        {
            // Too much, too slow or gone: what had come of it takes no room any more.
            await file.DisposeAsync();
            throw;
        }
    }
}
