using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Rendering;
using Microsoft.AspNetCore.Mvc.ViewEngines;
using Microsoft.AspNetCore.Mvc.ViewFeatures;
using Panel.Services.Hosting;

namespace Panel.Web.Shared;

/// <summary>What the live part of a page shows now. The same <paramref name="Version"/> is never sent twice to one reader.</summary>
public sealed record LiveView(string Version, string Partial, object Model);

/// <summary>Sends the live part of a page whenever it changes, as server-sent events with ids (WHATWG HTML section 9.2): a reader who
/// comes back with Last-Event-ID gets nothing again. Versions come from the database, so any node can go on.</summary>
public sealed class EventStream(ICompositeViewEngine views, LiveChanges live, TimeProvider time, IHostApplicationLifetime life)
{
    /// <summary>The reader comes back after this and is signed in anew; a session that has ended sees no more than this.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    // Proxies cut what is silent for a minute.
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(15);

    /// <summary><paramref name="look"/> reads with parts of its own each time; null ends the stream, because the thing is gone.</summary>
    public async Task RunAsync(Controller page, string topic, Func<IServiceProvider, CancellationToken, Task<LiveView?>> look)
    {
        var http = page.HttpContext;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, life.ApplicationStopping);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        try
        {
            await SendAsync(http, "retry: 500\n\n", over.Token);
            await FollowAsync(page, topic, look, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The reader has gone, or the program stops: both are ends.
        }
    }

    private async Task FollowAsync(Controller page, string topic, Func<IServiceProvider, CancellationToken, Task<LiveView?>> look, CancellationToken ct)
    {
        var http = page.HttpContext;
        var (last, begun, spoke) = (http.Request.Headers["Last-Event-ID"].ToString(), time.GetUtcNow(), time.GetUtcNow());
        while (time.GetUtcNow() - begun < Life)
        {
            var next = live.Next(topic);
            await using (var scope = http.RequestServices.CreateAsyncScope())
            {
                if (await look(scope.ServiceProvider, ct) is not { } seen)
                {
                    await SendAsync(http, "event: end\ndata: \n\n", ct);
                    return;
                }

                if (seen.Version != last)
                {
                    await SendAsync(http, Event(seen.Version, await RenderAsync(page, seen)), ct);
                    (last, spoke) = (seen.Version, time.GetUtcNow());
                }
                else if (time.GetUtcNow() - spoke > Breath)
                {
                    await SendAsync(http, ": still here\n\n", ct);
                    spoke = time.GetUtcNow();
                }
            }

            await live.WaitAsync(next, LiveChanges.LookAgain, ct);
        }
    }

    private static string Event(string id, string html)
    {
        var text = new StringBuilder().Append("id: ").Append(id).Append('\n');
        foreach (var line in html.ReplaceLineEndings("\n").Trim().Split('\n'))
        {
            text.Append("data: ").Append(line).Append('\n');
        }

        return text.Append('\n').ToString();
    }

    private async Task<string> RenderAsync(Controller page, LiveView seen)
    {
        var found = views.FindView(page.ControllerContext, seen.Partial, isMainPage: false);
        await using var text = new StringWriter();
        var data = new ViewDataDictionary(page.MetadataProvider, page.ModelState) { Model = seen.Model };
        await found.EnsureSuccessful(null).View!.RenderAsync(new ViewContext(page.ControllerContext, found.View!, data, page.TempData, text, new HtmlHelperOptions()));
        return text.ToString();
    }

    private static async Task SendAsync(HttpContext http, string text, CancellationToken ct)
    {
        await http.Response.WriteAsync(text, ct);
        await http.Response.Body.FlushAsync(ct);
    }
}
