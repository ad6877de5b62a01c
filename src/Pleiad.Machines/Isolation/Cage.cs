namespace Pleiad.Machines.Isolation;

/// <summary>What one process is shut in with, and what has to be given back when it has ended.</summary>
/// <param name="launcher">Who has it back.</param>
/// <param name="user">Its user; null when it runs as Pleiad's.</param>
/// <param name="groupName">Name of its control group.</param>
/// <param name="group">Its control group; null for none.</param>
internal sealed class Cage(Launcher launcher, uint? user, string groupName, MachineGroup? group)
{
    /// <summary>Its user; null when it runs as Pleiad's.</summary>
    public uint? User { get; } = user;

    /// <summary>Its control group; null for none.</summary>
    public MachineGroup? Group { get; } = group;

    /// <summary>Gives back what the process had; call it when the process has ended, not when it is let go of.</summary>
    /// <returns>False when its control group cannot be removed yet; the next sweep tries again.</returns>
    public Task<bool> ReleaseAsync() => launcher.ReleaseAsync(User, groupName, Group);
}
