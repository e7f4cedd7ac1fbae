using System.CommandLine;

namespace Panel.Web.Cli;

/// <summary>The <c>panel</c> command: a thin client of the API. Exit code 0 is done, 1 refused (the reason on stderr), 2 wrong usage.</summary>
internal static class CommandLine
{
    public const int Refused = 1;
    public const int WrongUsage = 2;

    public static async Task<int> RunAsync(string[] args)
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

        // An argument that begins with @ is somebody who is mentioned, never a file of more arguments.
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(error.Message);
            }

            await Console.Error.WriteLineAsync("Try: panel --help");
            return WrongUsage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }
}
