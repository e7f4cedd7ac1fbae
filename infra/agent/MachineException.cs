namespace Panel.Agent;

/// <summary>The machine refused what the agent needs: a program failed, a call was refused. The message names both.</summary>
internal sealed class MachineException(string message) : Exception(message);
