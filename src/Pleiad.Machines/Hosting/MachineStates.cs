namespace Pleiad.Machines.Hosting;

/// <summary>The diagram of <see cref="IMachine"/> as a table.</summary>
internal static class MachineStates
{
    /// <summary>Whether a machine may go from one state to another.</summary>
    public static bool CanFollow(MachineState from, MachineState to) => (from, to) switch
    {
        (MachineState.Reserved, MachineState.Starting or MachineState.Stopping) => true,
        (MachineState.Starting, MachineState.Ready or MachineState.Stopping) => true,
        (MachineState.Ready, MachineState.Draining or MachineState.Stopping) => true,
        (MachineState.Draining, MachineState.Stopping) => true,
        (MachineState.Stopping, MachineState.Gone or MachineState.Failed) => true,
        _ => false,
    };

    /// <summary>Whether nothing follows.</summary>
    public static bool IsFinal(MachineState state) => state is MachineState.Gone or MachineState.Failed;
}
