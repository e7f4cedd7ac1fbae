extern alias agent;

using System.Diagnostics;
using System.Globalization;
using System.Net;
using agent::Panel.Hosting;
using Panel.Services.Hosting;
using static Panel.Tests.Hosting.AgentMachine;

namespace Panel.Tests.Hosting;

/// <summary>Class 16 on the host: everything of an account stops in one pass, also what is running, and all of it comes back.</summary>
public sealed class AgentSuspensionTests(AgentMachine machine) : IClassFixture<AgentMachine>
{
    private static readonly DatabasePassword Maria = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Mariadb);
    private static readonly DatabasePassword Postgres = DatabasePassword.Make(Panel.Hosting.DatabaseEngine.Postgres);

    [RootFact]
    public async Task Class_16_site_sftp_processes_tasks_and_databases_stop_together_and_come_back()
    {
        var ann = Account("ann", 290_451, machine.PublicKey, Site("ann", "web", SiteKind.Php), Site("ann", "plain", SiteKind.Static, "ann.example")) with
        {
            Databases = [new("shop", DatabaseEngine.Mariadb, Maria.Verifier), new("diary", DatabaseEngine.Postgres, Postgres.Verifier)],
            Tasks = [new("long", "168h", ["/bin/sleep", "600"], 700)],
        };
        await LiveAsync(ann, ItemState.Live);
        await LiveAsync(Account("ann2", 290_452, machine.PublicKey, Site("ann2", "web")), ItemState.Live);
        await machine.UploadAsync("ann", "/sites/web/public/index.php", "<?php echo 'run';");
        await WorksAsync(true);
        var task = machine.Panel.RequestAsync(AgentWork.Task, "ann", "long");
        await UntilAsync(() => ProcessesOf(290_451).Count > 0);
        using var session = Sftp();
        await session.StandardInput.WriteLineAsync("pwd");
        Assert.NotNull(await session.StandardOutput.ReadLineAsync());
        using var connected = Connect();
        Assert.Equal("1", await connected.StandardOutput.ReadLineAsync());

        await LiveAsync(ann with { Status = AccountStatus.Suspended }, ItemState.Suspended);
        Assert.Empty(ProcessesOf(290_451));
        await WorksAsync(false);
        Assert.NotEqual(0, (await task).Runs!.Single().ExitCode);
        Assert.NotNull((await machine.Panel.RequestAsync(AgentWork.Task, "ann", "long")).Failure);
        // The client hears of its end when it asks for something again.
        await session.StandardInput.WriteLineAsync("ls");
        await session.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        await connected.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(HttpStatusCode.OK, (await machine.GetAsync("web.ann2.localhost", "/")).Code);

        await LiveAsync(ann, ItemState.Live);
        await WorksAsync(true);
        Assert.Empty((await machine.Panel.RequestAsync(AgentWork.Plan)).Plan!);
    }

    private async Task WorksAsync(bool works)
    {
        foreach (var (host, page) in new[] { ("web.ann.localhost", "/index.php"), ("plain.ann.localhost", "/"), ("ann.example", "/") })
        {
            Assert.Equal((host, works ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable), (host, (await machine.GetAsync(host, page)).Code));
        }

        Assert.Equal(works, (await machine.SftpAsync("ann", "ls")).Code == 0);
        Assert.Equal(works, (await machine.InsideAsync("mariadb", "--no-defaults", "-S", $"{Run}/mariadb/mariadb.sock", "-u", "ann_shop", $"-p{Maria.Text}", "-e", "SELECT 1", "ann_shop")).Code == 0);
        Assert.Equal(works, (await machine.InsideAsync("env", $"PGPASSWORD={Postgres.Text}", "psql", "-X", "-w", "-h", $"{Run}/postgres", "-U", "ann_diary", "-d", "ann_diary", "-c", "SELECT 1")).Code == 0);
    }

    private string Run => $"/run/panel/host-{machine.Id}";

    private Process Sftp() => Start("sftp", "-q", "-b", "-", "-P", machine.SftpPort.ToString(CultureInfo.InvariantCulture), "-i", machine.KeyFile,
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", "ann@127.0.0.1");

    /// <summary>A connection that is open and waits; from outside the account, as another member's program could be given the password.</summary>
    private Process Connect() => Start("mariadb", "--no-defaults", "-N", "-n", "-S", $"{Run}/mariadb/mariadb.sock", "-u", "ann_shop", $"-p{Maria.Text}", "-e", "SELECT 1; SELECT SLEEP(600)", "ann_shop");

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;

    private async Task LiveAsync(AccountState account, ItemState wanted) =>
        Assert.All((await machine.Panel.SayAsync(account)).Items, i => Assert.True(i.State == wanted, $"{i}\n{string.Join('\n', machine.Said)}"));
}
