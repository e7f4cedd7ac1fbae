using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Panel.Tests.Hosting;

namespace Panel.Tests.EndToEnd;

/// <summary>Stands for an agent that has nothing to do: each question is answered with the same lines.</summary>
internal sealed class AgentAtRest : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly HttpClient link;
    private readonly Task work;

    public AgentAtRest(PanelApp app, params string[] lines)
    {
        link = app.AgentLink();
        work = AnswerAsync(lines);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await work;
        link.Dispose();
        stop.Dispose();
    }

    private async Task AnswerAsync(string[] lines)
    {
        var (epoch, revision) = ("", 0L);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var told = (await link.GetFromJsonAsync<JsonObject>($"/agent/v1/accounts?after={revision}&epoch={epoch}&wait=20", stop.Token))!;
                (epoch, revision) = (told["epoch"]!.ToString(), told["revision"]!.GetValue<long>());
                foreach (var asked in told["requests"]!.AsArray())
                {
                    await link.TellAsync(epoch, revision, request: asked!["id"]!.GetValue<long>(), plan: lines);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }
}
