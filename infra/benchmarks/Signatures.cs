using System.Diagnostics;
using System.Security.Cryptography;

namespace Panel.Bench;

/// <summary>The limit of every sender that signs: RSA-2048 signatures of a hash, all cores at once, nothing else.</summary>
internal static class Signatures
{
    public static double PerSecond(TimeSpan length)
    {
        var made = 0L;
        var clock = Stopwatch.StartNew();
        Parallel.For(0, Environment.ProcessorCount, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, _ =>
        {
            using var key = RSA.Create(2048);
            var (hash, mine) = (new byte[32], 0L);
            for (; clock.Elapsed < length; mine++)
            {
                key.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }

            Interlocked.Add(ref made, mine);
        });
        return made / clock.Elapsed.TotalSeconds;
    }
}
