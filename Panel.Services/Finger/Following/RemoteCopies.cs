using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Panel.Services.Data;
using Panel.Services.Finger.Posts;
using Panel.Services.Finger.Thimbl;

namespace Panel.Services.Finger.Following;

/// <summary>Keeps the last good copy of each address elsewhere, its messages, and why there is no newer one.</summary>
internal sealed class RemoteCopies(PanelDb db, Notices notices, IOptions<FingerOptions> options, TimeProvider time)
{
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromDays(1);

    /// <summary>Times to ask again are told apart no finer, so that many addresses share one.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(10);

    /// <summary>What servers say instead of a plan; only in answers of a line or two.</summary>
    private static readonly string[] Denials = ["no such user", "unknown user", "nobody here", "nobody by that name", "not found", "denied", "???", "does not exist", "too many questions", "too many people"];

    /// <summary>Why an answer is no account, or null when it is one.</summary>
    public static string? Denied(byte[] answer)
    {
        var clean = new System.Buffers.ArrayBufferWriter<byte>();
        FingerText.Write(clean, answer.AsSpan(0, Math.Min(answer.Length, 2_000)));
        var text = Encoding.UTF8.GetString(clean.WrittenSpan).Trim();
        var lines = text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return lines.Length <= 3 && !text.Contains("Plan:", StringComparison.Ordinal) && Denials.Any(d => text.Contains(d, StringComparison.OrdinalIgnoreCase))
            ? $"The server says: {lines.Last()}" : null;
    }

    /// <summary>Whether an answer has the bytes of the last good copy, so that nothing of it has to be read.</summary>
    public static bool IsSame(Fetched fetched, string hash) => fetched.Bytes is not null && hash.Length > 0 && HashOf(fetched.Bytes) == hash;

    /// <summary>The same answers again: only when to ask next is written, for all that have the same time in one statement.</summary>
    public async Task KeepAsync(IEnumerable<(string Address, DateTime? ChangedAt)> same, string lease, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        foreach (var group in same.GroupBy(s => Rounded(Pause(now - (s.ChangedAt ?? now)))))
        {
            var (due, addresses) = (now + group.Key, group.Select(s => s.Address).ToList());
            await db.Set<FingerRemote>().Where(r => r.Lease == lease && addresses.Contains(r.Address)).ExecuteUpdateAsync(
                set => set.SetProperty(r => r.FetchedAt, now).SetProperty(r => r.DueAt, due).SetProperty(r => r.Failures, 0).SetProperty(r => r.Reason, (string?)null)
                    .SetProperty(r => r.Lease, (string?)null).SetProperty(r => r.LeasedUntil, (DateTime?)null), ct);
        }
    }

    /// <summary>Takes over what was fetched; the caller saves. The hash of the bytes tells whether anything has to be read at all.</summary>
    public async Task TakeAsync(FingerRemote remote, Fetched fetched, CancellationToken ct)
    {
        var now = time.GetUtcNow().UtcDateTime;
        (remote.Lease, remote.LeasedUntil) = (null, null);
        var reason = fetched.Bytes is null ? fetched.Reason : Denied(fetched.Bytes);
        var hash = reason is null ? HashOf(fetched.Bytes!) : "";
        var plan = reason is null && hash != remote.Hash ? ThimblReader.Read(fetched.Bytes) : null;
        reason ??= plan?.Wrong;
        if (reason is not null)
        {
            remote.Failures++;
            remote.Reason = reason;
            remote.DueAt = now + BackOff(remote.Failures);
            return;
        }

        (remote.FetchedAt, remote.Failures, remote.Reason) = (now, 0, null);
        if (plan is { OptsOut: true })
        {
            await ForgetAsync(remote, now, ct);
            return;
        }

        if (plan is not null)
        {
            await TakePlanAsync(remote, plan, now, ct);
            (remote.Hash, remote.Name, remote.Plan, remote.ChangedAt) = (hash, plan.Name, plan.Plan, now);
        }

        remote.DueAt = now + Pause(now - (remote.ChangedAt ?? now));
    }

    internal static string DigestOf(ThimblMessage message) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{PostRules.Stamp(message.At)} {message.Text}")))[..32];

    private static string HashOf(byte[] answer) => Convert.ToHexStringLower(SHA256.HashData(answer));

    private static TimeSpan Rounded(TimeSpan pause) => pause < Round ? pause : new TimeSpan(pause.Ticks - (pause.Ticks % Round.Ticks));

    /// <summary>Who wrote lately is asked often, who is quiet seldom.</summary>
    private TimeSpan Pause(TimeSpan quiet) =>
        TimeSpan.FromTicks(Math.Clamp(quiet.Ticks / 20, options.Value.Follow.Often.Ticks, options.Value.Follow.Rarely.Ticks));

    private TimeSpan BackOff(int failures)
    {
        var wait = options.Value.Follow.Often * Math.Pow(2, Math.Min(failures, 20));
        return wait < LongestBackOff ? wait : LongestBackOff;
    }

    private async Task TakePlanAsync(FingerRemote remote, ThimblPlan plan, DateTime now, CancellationToken ct)
    {
        var messages = plan.IsThimbl ? plan.Messages.Select(m => (Message: m, Digest: DigestOf(m))).ToList() : TextOf(remote, plan, now);
        var known = await db.Set<FingerRemotePost>().Where(p => p.Address == remote.Address).ToDictionaryAsync(p => p.Digest, ct);
        var fresh = messages.Where(m => !known.ContainsKey(m.Digest)).DistinctBy(m => m.Digest).ToList();
        db.AddRange(fresh.Select(m => new FingerRemotePost
        {
            Address = remote.Address,
            Text = m.Message.Text,
            Digest = m.Digest,
            // Who dates from the future does not stay on top for ever.
            PostedAt = m.Message.At < now ? m.Message.At : FingerPosts.Second(now),
            SeenAt = now,
        }));
        if (plan.IsThimbl)
        {
            // What its author took back goes; what is only older than the plan reaches stays.
            var (told, reach) = (messages.Select(m => m.Digest).ToHashSet(), messages.Count > 0 ? messages.Min(m => m.Message.At) : DateTime.MinValue);
            db.RemoveRange(known.Values.Where(p => p.PostedAt >= reach && !told.Contains(p.Digest)));
        }

        db.RemoveRange(known.Values.OrderByDescending(p => p.PostedAt).Skip(ThimblReader.MostMessages));
        await notices.OfRemoteAsync(remote.Address, fresh.Select(m => m.Message), plan.Following, ct);
    }

    /// <summary>A plan that is plain text is news when it changes, dated when that was seen.</summary>
    private static List<(ThimblMessage Message, string Digest)> TextOf(FingerRemote remote, ThimblPlan plan, DateTime now)
    {
        if (plan.Plan.Length == 0 || plan.Plan == remote.Plan || plan.Plan.Trim() is "No Plan.")
        {
            return [];
        }

        var text = plan.Plan.Length <= ThimblReader.LongestMessage ? plan.Plan : plan.Plan[..ThimblReader.LongestMessage];
        var message = new ThimblMessage(text, FingerPosts.Second(now));
        return [(message, DigestOf(message))];
    }

    private async Task ForgetAsync(FingerRemote remote, DateTime now, CancellationToken ct)
    {
        (remote.OptedOutAt, remote.Name, remote.Plan, remote.Hash) = (now, "", "", "");
        remote.Reason = string.Create(CultureInfo.InvariantCulture, $"{remote.Address} asks not to be shown in timelines.");
        await db.Set<FingerRemotePost>().Where(p => p.Address == remote.Address).ExecuteDeleteAsync(ct);
        await db.Set<FingerNotice>().Where(n => n.Address == remote.Address).ExecuteDeleteAsync(ct);
        await db.Set<FingerFollow>().Where(f => f.Address == remote.Address).ExecuteDeleteAsync(ct);
    }
}
