using System.CommandLine;

namespace Panel.Web.Cli;

internal static class AuditVerbs
{
    public static Command Audit()
    {
        var member = new Option<string?>("--member") { HelpName = "HANDLE" };
        var verify = new Option<bool>("--verify") { Description = "Read every chain and check each hash." };
        var audit = new Command("audit", "What changed, who did it, and by which door.") { member, verify };
        audit.SetAction(async (given, ct) =>
        {
            if (!given.GetValue(verify))
            {
                var query = given.GetValue(member) is { } handle ? $"?member={CliDoor.Value(handle)}" : "";
                return await CliDoor.CallAsync(given, HttpMethod.Get, "/audit" + query, null, node =>
                {
                    foreach (var row in node.AsArray())
                    {
                        Screen.Line($"{row!["at"]}  {row["actor"],-20}  {row["door"],-6}  {row["action"],-18}  {row["target"]}");
                    }
                }, ct);
            }

            return await CliDoor.CallAsync(
                given, HttpMethod.Get, "/audit/verdict", null,
                node => Screen.Line(node["broken"] is { } where ? $"Broken at {where}." : $"{node["entries"]} entries, every chain is whole."),
                ct, fails: node => node["broken"] is not null);
        });
        return audit;
    }
}
