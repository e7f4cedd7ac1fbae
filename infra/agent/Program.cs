using Panel.Agent;

AgentOptions options;
try
{
    options = AgentOptions.Read(args, Environment.GetEnvironmentVariable);
}
catch (ArgumentException wrong)
{
    Console.Error.WriteLine(wrong.Message);
    return 2;
}

if (Native.geteuid() != 0)
{
    Console.Error.WriteLine("Panel.Agent makes users, homes and sites and must run as root.");
    return 1;
}

try
{
    // A shell's strict umask must not decide whether nginx may read what is made here.
    _ = Native.umask(0x12);
    if (options.Join is { } line)
    {
        await RemoteLink.JoinAsync(options.Data, line);
        return 0;
    }

    if (options.Undo)
    {
        return Undo.Run(options);
    }

    return await HostAgent.RunAsync(options);
}
catch (MachineException broken)
{
    Console.Error.WriteLine(broken.Message);
    return 1;
}
