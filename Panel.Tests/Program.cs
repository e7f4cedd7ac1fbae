using Panel.Tests.Hosting;

namespace Panel.Tests;

/// <summary>What a test lets run on another kernel than its own.</summary>
internal static class Program
{
    public static int Main(string[] args) => args is ["quota", var disk] ? QuotaProof.Run(disk) : 0;
}
