using System.IO.Pipelines;

namespace Panel.Agent;

internal static class Pipes
{
    /// <summary>The work that fills a pipe: when it ends, however it ends, whoever reads the pipe comes to an end too.</summary>
    public static async Task<T> Into<T>(this Task<T> work, Pipe pipe)
    {
        try
        {
            return await work;
        }
        finally
        {
            await pipe.Writer.CompleteAsync();
        }
    }
}
