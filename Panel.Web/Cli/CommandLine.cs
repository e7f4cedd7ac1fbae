using System.CommandLine;

namespace Panel.Web.Cli;

/// <summary>The <c>panel</c> command: a thin client of the API. Exit code 0 is done, 1 refused (the reason on stderr), 2 wrong usage.</summary>
internal static class CommandLine
{
    public const int Refused = 1;
    public const int WrongUsage = 2;

    // Options and arguments of the verbs are shared, so the tree is made once.
    private static readonly Lazy<RootCommand> Root = new(Tree);

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            // An argument that begins with @ is somebody who is mentioned, never a file of more arguments.
            var parsed = Root.Value.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Errors.Count == 0)
            {
                return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = CliPlace.Now.Out, Error = CliPlace.Now.Error });
            }

            return Wrong(parsed.Errors.Select(e => e.Message));
        }
        catch (WrongUsageException no)
        {
            return Wrong([no.Message]);
        }
        catch (InvalidOperationException no) when (no.Source == typeof(RootCommand).Assembly.GetName().Name)
        {
            // A check that asks for the value of an option that was given none.
            return Wrong([no.Message]);
        }
        catch (ArgumentException no) when (no.ParamName is "fileName" or "path")
        {
            return Wrong(["There is a file without a name."]);
        }
        catch (Exception no) when (no is IOException or UnauthorizedAccessException)
        {
            Screen.Error(no.Message);
            return Refused;
        }
        catch (OperationCanceledException)
        {
            Screen.Error("Broken off. What was asked may still be done: look before you ask again.");
            return Refused;
        }
    }

    private static int Wrong(IEnumerable<string> words)
    {
        foreach (var word in words)
        {
            Screen.Error(word);
        }

        Screen.Error("Try: panel --help");
        return WrongUsage;
    }

    internal static RootCommand Tree()
    {
        var root = new RootCommand("Panel: web hosting, newsletters and finger accounts of one house.");
        root.Options.Add(CliDoor.Json);
        root.Subcommands.Add(MemberVerbs.Setup());
        root.Subcommands.Add(MemberVerbs.Member());
        root.Subcommands.Add(FingerVerbs.Finger());
        root.Subcommands.Add(PostVerbs.Post());
        root.Subcommands.Add(FollowVerbs.Follow());
        root.Subcommands.Add(FollowVerbs.Timeline());
        root.Subcommands.Add(ListVerbs.List());
        root.Subcommands.Add(ListVerbs.Subscriber());
        root.Subcommands.Add(SegmentVerbs.Segment());
        root.Subcommands.Add(SenderVerbs.Sender());
        root.Subcommands.Add(IssueVerbs.Issue());
        root.Subcommands.Add(AuditVerbs.Audit());
        root.Subcommands.Add(SiteVerbs.Site());
        root.Subcommands.Add(DomainVerbs.Domain());
        root.Subcommands.Add(KeyVerbs.Key());
        root.Subcommands.Add(DatabaseVerbs.Database());
        root.Subcommands.Add(TaskVerbs.Task());
        root.Subcommands.Add(BackupVerbs.Backup());
        root.Subcommands.Add(HostVerbs.Host());
        root.Subcommands.Add(HouseVerbs.House());
        root.Subcommands.Add(UsageVerbs.Usage());
        root.Subcommands.Add(PackageVerbs.Package());
        return root;
    }
}

/// <summary>What was said cannot be meant; worded for who said it. Nothing was asked of the house.</summary>
internal sealed class WrongUsageException(string words) : Exception(words);
