using System.ComponentModel;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Isolation;

/// <summary>What a launcher shuts machines in with: as much of it as this host allows, with the reason for each part that is missing.</summary>
internal sealed class LauncherParts
{
    private const string ViewDirectory = "view";

    private LauncherParts(string directory, string qemu) => (Directory, Qemu) = (directory, qemu);

    /// <summary>The remedy for everything that needs root's rights, all of them.</summary>
    private static string AsRoot => ProcessCalls.EffectiveUser() != 0 ? "run Pleiad as root" : "run Pleiad on the host itself or in a container whose root may mount and make users";

    /// <summary>The machines' directory.</summary>
    public string Directory { get; }

    /// <summary>QEMU's path.</summary>
    public string Qemu { get; }

    public PrivateView? View { get; private set; }

    public UserRange? Users { get; private set; }

    public ControlGroups? Groups { get; private set; }

    public LaunchThread Thread { get; private set; } = null!;

    /// <summary>What the thread has given up.</summary>
    public LaunchRestrictions Restrictions { get; private set; }

    public IReadOnlyList<Protection> Protections { get; private set; } = [];

    /// <summary>Makes the parts.</summary>
    /// <param name="directory">The machines' directory, which exists.</param>
    /// <param name="groupName">Name of the machines' control groups' parent.</param>
    /// <param name="qemu">QEMU's path.</param>
    /// <param name="network">How machines are connected: under user-mode networking QEMU itself opens ports and needs the host's network.</param>
    /// <exception cref="MachineHostException">Not even a process without protection could be started.</exception>
    public static async Task<LauncherParts> MakeAsync(string directory, string groupName, string qemu, NetworkMode network)
    {
        var parts = new LauncherParts(directory, qemu);
        try
        {
            var view = await parts.MakeViewAsync();
            var groups = parts.MakeGroups(groupName);
            var rooted = parts.View is not null;
            var emptyNetwork = rooted && network == NetworkMode.Namespace;
            var namespaces = rooted
                ? SystemCalls.NewFileSystemInfo | SystemCalls.NewIpc | SystemCalls.NewHostName | (emptyNetwork ? SystemCalls.NewNetwork : 0)
                : 0;
            parts.Restrictions = new LaunchRestrictions(namespaces, Capabilities: rooted);
            parts.Thread = await LaunchThread.StartAsync(parts.Restrictions);
            parts.Protections = [.. view, Network(emptyNetwork, network), new Protection("seccomp", true, "QEMU's own filter, with all denials; no new privileges", null), groups];
            return parts;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            parts.View?.Dispose();
            throw new MachineHostException(MachineHostFault.Isolation, $"machines' processes cannot be started: {e.Message}", e);
        }
    }

    /// <summary>Parts that shut nothing in, to measure against.</summary>
    internal static async Task<LauncherParts> PlainAsync(string directory, string program) => new(directory, program) { Thread = await LaunchThread.StartAsync(default) };

    /// <summary>Where the view is mounted, within its own namespace.</summary>
    internal static string ViewPathOf(string directory) => Path.Combine(directory, ViewDirectory);

    private static Protection Network(bool empty, NetworkMode mode) => empty
        ? new Protection("network", true, "QEMU has an empty network and one tap; its bridge port reaches no other machine and takes no foreign sender", null)
        : mode == NetworkMode.User
            ? new Protection("network", false, "user-mode network: closed for the guest, but QEMU itself could reach what Pleiad can", AsRoot)
            : new Protection("network", false, "QEMU itself could reach what Pleiad can", AsRoot);

    private async Task<IReadOnlyList<Protection>> MakeViewAsync()
    {
        var lacking = ProcessCalls.EffectiveUser() != 0 ? "Pleiad does not run as root" : SystemCalls.AreKnown ? null : "unknown processor architecture";
        if (lacking is null)
        {
            try
            {
                Users = UserRange.Open(Directory);
                System.IO.Directory.CreateDirectory(ViewPathOf(Directory));
                View = await PrivateView.MakeAsync(ViewPlan.For(Qemu), ViewPathOf(Directory));
                return
                [
                    new Protection("user", true, $"each machine its own, from {Users.Start} on, without capabilities", null),
                    new Protection("view", true, "QEMU sees programs, libraries and its own /proc, read-only, and no file of Pleiad's or of a machine", null),
                ];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Users?.Forget();
                Users = null;
                lacking = e.Message;
            }
        }

        return
        [
            new Protection("user", false, $"machines run as Pleiad's user: {lacking}", AsRoot),
            new Protection("view", false, $"QEMU sees all files that Pleiad's user may: {lacking}", AsRoot),
        ];
    }

    private Protection MakeGroups(string name)
    {
        try
        {
            Groups = ControlGroups.Open(Directory, name, GroupHierarchy.OfThisProcess());
            return new Protection("limits", true, Groups.Detail, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Protection("limits", false, $"CPU and RAM of QEMU are not limited: {e.Message}", ProcessCalls.EffectiveUser() == 0 ? "mount control groups with the controllers cpu and memory" : AsRoot);
        }
    }
}
