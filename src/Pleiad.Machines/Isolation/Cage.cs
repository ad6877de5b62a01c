namespace Pleiad.Machines.Isolation;

/// <summary>What one process is shut in with: given back by <see cref="Qemu.QemuProcess"/> when the process has ended.</summary>
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

    /// <summary>Whether the kernel ended it because it needed more memory than its limit; known after <see cref="ReleaseAsync"/>.</summary>
    public bool RanOutOfMemory { get; private set; }

    /// <summary>Whether its control group could not be removed; the next sweep tries again.</summary>
    public bool IsLeft { get; private set; }

    /// <summary>Gives back what the process had; it has ended.</summary>
    public async Task ReleaseAsync()
    {
        RanOutOfMemory = Group?.ReadOutOfMemory() > 0;
        IsLeft = !await launcher.ReleaseAsync(User, groupName, Group);
    }
}
