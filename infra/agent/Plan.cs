namespace Panel.Agent;

/// <summary>The kinds of step, in the order in which an account's steps are taken.</summary>
internal enum Act
{
    MakeUser, MakeTree, SetLimit, PutDatabase, MakeSite, WritePool, OpenApp, PutVhost, DropVhost, DropCertificates, WriteKeys, DropKeys, DropPool, DropApp, EndProcesses, DropSite,
    DropDatabase, DropUser, DropTree, Erase,
}

/// <param name="Diff">What the step changes in a text, as lines with <c>-</c> and <c>+</c>.</param>
internal sealed record Step(Act Act, string Handle, string Name = "", IReadOnlyList<string>? Diff = null)
{
    /// <summary>Milliseconds, once it was taken.</summary>
    public long? Took { get; set; }

    /// <summary>For people: the step, and indented below it what it changes.</summary>
    public IEnumerable<string> Lines => [Took is { } ms ? $"{this}, {ms} ms" : ToString(), .. (Diff ?? []).Select(d => $"    {d}")];

    /// <summary>Lines only here are taken away, lines only there are put in, both in their order.</summary>
    public static IReadOnlyList<string> Difference(string? here, string? there)
    {
        var (before, after) = (here?.Split('\n') ?? [], there?.Split('\n') ?? []);
        return here is null ? [] : [.. before.Except(after).Select(l => $"- {l}"), .. after.Except(before).Select(l => $"+ {l}")];
    }

    public override string ToString() => $"{Handle}: " + Act switch
    {
        Act.MakeUser => $"make or mend the user ({Name})",
        Act.MakeTree => "make or mend the home",
        Act.SetLimit => $"set the disk limit to {Name}",
        Act.PutDatabase => $"make or mend the database {Name}",
        Act.DropDatabase => $"remove the database {Name}",
        Act.MakeSite => $"make the directory of site {Name}",
        Act.WritePool => "write the PHP pool and listen for it",
        Act.OpenApp => $"listen for the program of site {Name}",
        Act.DropApp => $"stop the program of site {Name}",
        Act.PutVhost => $"serve {Name}",
        Act.DropVhost => $"serve {Name} no more",
        Act.DropCertificates => "delete its certificates and their keys",
        Act.WriteKeys => "write the SFTP keys",
        Act.DropKeys => "take the SFTP keys away",
        Act.DropPool => "stop PHP",
        Act.EndProcesses => "end its processes",
        Act.DropSite => $"put site {Name} aside for 30 days",
        Act.DropUser => "remove the user",
        Act.DropTree => "put the home aside",
        Act.Erase => "erase what was put aside",
        _ => throw new InvalidOperationException(),
    };
}

/// <summary>Wanted minus found. Pure; empty when both are the same.</summary>
internal static class Plan
{
    public static IReadOnlyList<Step> Of(string handle, AccountShape wanted, AccountShape found, bool enforced)
    {
        var steps = new List<Step>();
        void When(bool needed, Act act, string name = "", IReadOnlyList<string>? diff = null)
        {
            if (needed)
            {
                steps.Add(new Step(act, handle, name, diff));
            }
        }

        When(wanted.User is not null && wanted.User != found.User, Act.MakeUser, wanted.User is { Locked: true } ? $"uid {wanted.User.Uid}, locked" : $"uid {wanted.User?.Uid}");
        When(wanted.Tree && !found.Tree, Act.MakeTree);
        When(enforced && wanted.Tree && wanted.Limit != found.Limit, Act.SetLimit, wanted.Limit is { } bytes ? $"{bytes} bytes" : "none");
        steps.AddRange(wanted.Databases.Where(d => d.Value != found.Databases.GetValueOrDefault(d.Key)).Select(d => new Step(Act.PutDatabase, handle, d.Key)));
        steps.AddRange(wanted.Sites.Except(found.Sites).Order(StringComparer.Ordinal).Select(s => new Step(Act.MakeSite, handle, s)));
        When(wanted.Pool is not null && wanted.Pool != found.Pool, Act.WritePool, "", Step.Difference(found.Pool, wanted.Pool));
        steps.AddRange(wanted.Apps.Except(found.Apps).Order(StringComparer.Ordinal).Select(s => new Step(Act.OpenApp, handle, s)));
        steps.AddRange(wanted.Vhosts.Where(v => !v.Value.Equals(found.Vhosts.GetValueOrDefault(v.Key))).Select(v => v.Key)
            .Order(StringComparer.Ordinal).Select(v => new Step(Act.PutVhost, handle, v, Step.Difference(found.Vhosts.GetValueOrDefault(v)?.ToString(), wanted.Vhosts[v].ToString()))));
        steps.AddRange(found.Vhosts.Keys.Except(wanted.Vhosts.Keys).Order(StringComparer.Ordinal).Select(v => new Step(Act.DropVhost, handle, v)));
        When(!wanted.Certificates && found.Certificates, Act.DropCertificates);
        When(wanted.Keys is not null && wanted.Keys != found.Keys, Act.WriteKeys, "", Step.Difference(found.Keys, wanted.Keys));
        When(wanted.Keys is null && found.Keys is not null, Act.DropKeys);
        When(wanted.Pool is null && found.Pool is not null, Act.DropPool);
        steps.AddRange(found.Apps.Except(wanted.Apps).Order(StringComparer.Ordinal).Select(s => new Step(Act.DropApp, handle, s)));
        When(!wanted.Processes && found.Processes, Act.EndProcesses);
        steps.AddRange(wanted.Tree ? found.Sites.Except(wanted.Sites).Order(StringComparer.Ordinal).Select(s => new Step(Act.DropSite, handle, s)) : []);
        steps.AddRange(found.Databases.Keys.Except(wanted.Databases.Keys).Select(d => new Step(Act.DropDatabase, handle, d)));
        When(wanted.User is null && found.User is not null, Act.DropUser);
        When(!wanted.Tree && found.Tree, Act.DropTree);
        When(!wanted.Remains && (found.Remains || found.Tree || found.Databases.Count > 0), Act.Erase);
        return steps;
    }
}
