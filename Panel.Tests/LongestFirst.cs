using Panel.Tests.EndToEnd;
using Panel.Tests.Hosting;
using Panel.Tests.Newsletters;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Panel.Tests.LongestFirst", "Panel.Tests")]

namespace Panel.Tests;

/// <summary>Classes that take a minute and more begin first, so that none of them is left to run alone at the end.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        .. new[]
        {
            typeof(FaceTests), typeof(CrashTests), typeof(AgentBackupTests), typeof(AgentQuotaTests), typeof(MoveCertificateTests), typeof(MoveNamesTests), typeof(LeaveLoadTests),
            typeof(AgentTaskTests), typeof(AgentTlsTests), typeof(LifeJourney), typeof(AgentFaultTests), typeof(AgentTenantTests), typeof(MoveTests),
        }.Select(t => t.FullName!),
    ];

    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(c => Array.FindIndex(Long, name => c.DisplayName.EndsWith($" {name}", StringComparison.Ordinal)) is >= 0 and var place ? place : Long.Length);
}
