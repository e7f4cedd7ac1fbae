using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Panel.Hosting;

namespace Panel.Agent;

/// <summary>One site's certificate as it lies on disk: for these names, between these times.</summary>
internal sealed record Certificate(IReadOnlySet<string> Names, DateTimeOffset From, DateTimeOffset Until)
{
    /// <summary>Two thirds of its life, up to a twentieth of it earlier, so that a house's certificates do not fall due together.</summary>
    public DateTimeOffset Due => From + ((Until - From) * ((2.0 / 3) - (Math.Abs(From.Ticks % 997) / 997.0 / 20)));

    public static Certificate Of(X509Certificate2 found) => new(
        found.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames()).ToHashSet(StringComparer.Ordinal), found.NotBefore.ToUniversalTime(), found.NotAfter.ToUniversalTime());
}

/// <summary>One certificate per site, ordered beside the passes and taken up by the next one. The key is made here and never
/// leaves root, but for the host that the account moves to; only the request for it goes to lego. How often is in the <see cref="OrderBook"/>;
/// names that the authority refuses are left out, so that one bad name does not keep the others waiting.
/// What came with an account serves until it falls due; then this host makes a key of its own, since the other one knew that.</summary>
internal sealed class Certificates : IDisposable
{
    private readonly Layout layout;
    private readonly AcmeOptions options;
    private readonly Acme acme;
    private readonly TimeProvider time;
    private readonly Action<string> log;
    private readonly ConcurrentDictionary<string, Certificate> all = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Order> orders = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> holders = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> news = new();
    private readonly OrderBook book;
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim hurry = new(0);
    private readonly Task work;

    public Certificates(Layout layout, AcmeOptions options, TimeProvider time, Action<string> log)
    {
        (this.layout, this.options, this.time, this.log) = (layout, options, time, log);
        acme = new Acme(layout, options);
        Files.Directory(layout.AcmeRequests);
        book = new OrderBook($"{layout.AcmeRequests}/book", options.Retry, time);
        Files.Directory(layout.Tls, Modes.Group, 0, Identity.NginxId);
        foreach (var file in Directory.EnumerateFiles(layout.Tls))
        {
            holders[Path.GetFileName(file).Split('.')[0]] = true;
            if (file.EndsWith(".crt", StringComparison.Ordinal))
            {
                Learn(Path.GetFileNameWithoutExtension(file));
            }
        }

        work = IsOn ? Task.Run(WorkAsync) : Task.CompletedTask;
    }

    public bool IsOn => options.Directory is not null;

    public bool HasNews => !news.IsEmpty;

    /// <summary>Where the certificate and key of this name lie; null while there is none that is good for it.</summary>
    public (string Certificate, string Key)? Find(string handle, string site, string name) =>
        Serving($"{handle}.{site}", name) is { } id ? (Crt(id), Key(id)) : null;

    /// <summary>Keys or certificates of this account lie here.</summary>
    public bool Has(string handle) => holders.ContainsKey(handle);

    /// <summary>What a site has, for the host that its account moves to; null when there is none that is in date.</summary>
    public ForeignCertificate? Give(string handle, string site) =>
        Serving($"{handle}.{site}", null) is { } id && Files.ReadOrNull(Key(id)) is { } key ? new ForeignCertificate(File.ReadAllText(Crt(id)), key) : null;

    /// <summary>Serves what another host had for a site until this one has its own, unless something is wrong with it; says which.</summary>
    public string Take(string handle, SiteState site, string chain, string key)
    {
        var (id, judged) = (Moved($"{handle}.{site.Name}"), ForeignCertificate.Judge(site, chain, key, options.CaFile, time.GetUtcNow()));
        if (judged.Good is not { } good)
        {
            return $"{site.Name}: the certificate that came is not taken, {judged.Why}; it is ordered anew";
        }

        holders[handle] = true;
        Files.Put(Key(id), good.Key, Modes.GroupFile, Identity.NginxId);
        Files.Put(Crt(id), good.Chain, Modes.GroupFile, Identity.NginxId);
        Learn(id);
        return $"{site.Name}: its certificate came along, good until {all[id].Until:yyyy-MM-dd HH:mm}";
    }

    /// <summary>Nothing of this account's keys and certificates is left. One that is just being ordered goes with the next full pass.</summary>
    public void Forget(string handle)
    {
        holders.TryRemove(handle, out _);
        foreach (var file in Directory.GetFiles(layout.Tls, $"{handle}.*"))
        {
            all.TryRemove(Path.GetFileNameWithoutExtension(file), out _);
            File.Delete(file);
        }
    }

    /// <summary>Accounts whose certificates have something new to tell.</summary>
    public IEnumerable<string> TakeNews()
    {
        while (news.TryDequeue(out var id))
        {
            yield return id.Split('.')[0];
        }
    }

    /// <summary>What the sites of an account need from now on; whether there is something to order is found out beside.</summary>
    public void Want(AccountState account, IEnumerable<string> good)
    {
        foreach (var id in orders.Keys.Where(k => k.StartsWith(account.Handle + ".", StringComparison.Ordinal)).Except(account.IsGone || account.Hold == AccountHold.Kept ? [] : good.Select(s => $"{account.Handle}.{s}")))
        {
            orders.TryRemove(id, out _);
        }

        foreach (var site in account.Sites.Where(s => IsOn && account.IsOpen && good.Contains(s.Name)))
        {
            // No authority gives a certificate for a name below localhost (CA/B Forum BR 4.2.2), nor for all names below one without DNS-01
            // (RFC 8555 section 8.4), nor for a name beside one that covers it.
            var served = site.Domains.Append(site.Address).Where(n => Grammar.IsServed(n) && !n.EndsWith(".localhost", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
            var names = served.Where(n => n.StartsWith('*') ? options.Hook is not null : options.Hook is null || !served.Contains(Over(n))).ToHashSet(StringComparer.Ordinal);
            var id = $"{account.Handle}.{site.Name}";
            if (names.Count > 0 && !(orders.TryGetValue(id, out var order) && order.Names.SetEquals(names)))
            {
                orders[id] = new Order(names, time.GetUtcNow(), null);
                hurry.Release();
            }
            else if (names.Count == 0)
            {
                orders.TryRemove(id, out _);
            }

            // Its names have been led to the host's own one by the pass that ends with this.
            if (all.GetValueOrDefault(id) is { } own && all.GetValueOrDefault(Moved(id)) is { } moved && own.Names.IsSupersetOf(moved.Names) && all.TryRemove(Moved(id), out _))
            {
                File.Delete(Crt(Moved(id)));
                File.Delete(Key(Moved(id)));
            }
        }
    }

    /// <summary>How the certificate of a site stands; null when there is none and nothing is known of one.</summary>
    public ItemReport? Report(string handle, SiteState site)
    {
        var (found, order) = (Known($"{handle}.{site.Name}"), orders.GetValueOrDefault($"{handle}.{site.Name}"));
        var none = IsOn && options.Hook is null && site.Domains.FirstOrDefault(d => d.StartsWith('*')) is { } many
            ? $"{many}: a certificate for all names below one is given only by way of the DNS, for which this host has no hook (Hosting__Acme__DnsHook)." : null;
        return (order?.Reason ?? none) is { } reason ? new ItemReport("certificate", site.Name, ItemState.Failed, reason, 0, found?.Until.UtcDateTime)
            : order is not null && found?.Names.IsSupersetOf(order.Names) == true ? new ItemReport("certificate", site.Name, ItemState.Live, null, 0, found.Until.UtcDateTime) : null;
    }

    // No name of a site has a dot.
    private static string Moved(string id) => $"{id}.moved";

    private Certificate? Known(string id) => all.GetValueOrDefault(id) ?? all.GetValueOrDefault(Moved(id));

    private string? Serving(string id, string? name) => new[] { id, Moved(id) }.FirstOrDefault(i => all.GetValueOrDefault(i) is { } found && found.Until > time.GetUtcNow()
        && (name is null || found.Names.Contains(name) || found.Names.Contains(Over(name))));

    private static string Over(string name) => $"*{name[Math.Max(0, name.IndexOf('.', StringComparison.Ordinal))..]}";

    public void Dispose()
    {
        stop.Cancel();
        work.ContinueWith(_ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(5));
        stop.Dispose();
        hurry.Dispose();
    }

    private async Task WorkAsync()
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var (id, order) in orders.Where(o => o.Value.Next <= time.GetUtcNow()).OrderBy(o => o.Value.Next))
            {
                Look(id, order);
            }

            await hurry.WaitAsync(TimeSpan.FromSeconds(1), stop.Token);
        }
    }

    /// <summary>Orders what is missing and may be ordered, and says what stands in the way of the rest and until when.</summary>
    private void Look(string id, Order order)
    {
        var (now, known, handle) = (time.GetUtcNow(), Known(id), id.Split('.')[0]);
        var asked = order.Names.Where(n => book.Rest(n) is null).ToHashSet(StringComparer.Ordinal);
        var wanted = asked.Count > 0 && book.Rest(id) is null && !(known is not null && known.Due > now && known.Names.IsSupersetOf(asked));
        var limit = wanted ? book.Limit(handle, asked, known?.Names.SetEquals(asked) != true) : null;
        if (wanted && limit is null)
        {
            Make(id, handle, asked, known?.Names.SetEquals(asked) == true ? OrderBook.Renewal : OrderBook.New);
        }

        (DateTimeOffset Until, string Why)[] waits = [.. order.Names.Append(id).Select(book.Rest).Append(limit).OfType<(DateTimeOffset, string)>()];
        var next = waits.Length == 0 ? order with { Reason = null, Next = Known(id)?.Due ?? now }
            : order with { Reason = $"{string.Join(' ', waits.Select(w => w.Why))} It is tried again at {waits.Min(w => w.Until):yyyy-MM-dd HH:mm:ss} UTC.", Next = waits.Min(w => w.Until) };
        // Other names may be wanted meanwhile: then this says nothing about them.
        _ = orders.TryUpdate(id, next, order);
        if (wanted || next.Reason != order.Reason)
        {
            log($"certificate of {id}: {next.Reason ?? "issued"}");
            news.Enqueue(id);
        }
    }

    private void Make(string id, string handle, HashSet<string> left, string kind)
    {
        try
        {
            // The second try is without the names that were refused in the first.
            for (var tries = 0; tries < 2 && left.Count > 0; tries++)
            {
                book.Note(kind, handle, id);
                using var key = OwnKey(id);
                var (chain, refused) = acme.Order(id, left, key);
                foreach (var (name, words) in refused)
                {
                    book.Note(OrderBook.Refused, handle, name, words);
                }

                left.ExceptWith(refused.Keys);
                if (chain is not null)
                {
                    using var checkedPair = X509Certificate2.CreateFromPem(chain, key.ExportECPrivateKeyPem());
                    Files.Put(Crt(id), chain, Modes.GroupFile, Identity.NginxId);
                    Learn(id);
                    book.Note(OrderBook.Issued, handle, string.Join(',', left.Append(id)), kind);
                    break;
                }
            }
        }
        catch (Exception no) when (no is MachineException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            book.Note(OrderBook.Refused, handle, id, no.Message);
        }
    }

    private ECDsa OwnKey(string id)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (Files.ReadOrNull(Key(id)) is { } pem)
        {
            key.ImportFromPem(pem);
        }
        else
        {
            holders[id.Split('.')[0]] = true;
            Files.Put(Key(id), key.ExportPkcs8PrivateKeyPem(), Modes.GroupFile, Identity.NginxId);
        }

        return key;
    }

    private void Learn(string id)
    {
        try
        {
            using var found = X509CertificateLoader.LoadCertificateFromFile(Crt(id));
            all[id] = Certificate.Of(found);
        }
        catch (CryptographicException broken)
        {
            log($"certificate of {id} is unreadable and is ordered again: {broken.Message}");
        }
    }

    private string Crt(string id) => $"{layout.Tls}/{id}.crt";

    private string Key(string id) => $"{layout.Tls}/{id}.key";

    private sealed record Order(IReadOnlySet<string> Names, DateTimeOffset Next, string? Reason);
}
