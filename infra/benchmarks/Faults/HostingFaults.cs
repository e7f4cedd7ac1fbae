namespace Panel.Bench.Faults;

/// <summary>The long fault runs of hosting: the harnesses of the tests at full size, each with its table in FAULTS-*.md.</summary>
internal static class HostingFaults
{
    /// <summary>The agent is killed after every single one of its changes of the machine in turn, and at random moments, until it died so often.</summary>
    public static Task<int> KillsAsync(int kills) => MailFaults.RunAsync(
        "agent", "the agent is killed", "| form | rounds | deaths | nginx could not reload | neighbour not served | half accounts left |\n|---|---|---|---|---|---|\n",
        "FullyQualifiedName~AgentKillTests", ("KILL_EVERY", 1), ("KILLS", kills));

    /// <summary>Random and hostile edits of one member under a steady load on another's site.</summary>
    public static Task<int> EditsAsync(int edits) => MailFaults.RunAsync(
        "edits", "hostile edits of one member", "| edits | seed | the neighbour's requests | time |\n|---|---|---|---|\n", "FullyQualifiedName~AgentEditsTests", ("EDITS", edits));
}
