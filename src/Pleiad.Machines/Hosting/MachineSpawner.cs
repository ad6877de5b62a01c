using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Identity;
using Pleiad.Machines.Forking;
using Pleiad.Machines.Images;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Starts the QEMU process of a machine, of a template or of a spare.</summary>
internal static class MachineSpawner
{
    /// <summary>Most that a machine may write to its copy of a disk, with the tables of qcow2.</summary>
    private const long DiskCopyBytesMax = 64L << 30;

    /// <summary>All clones of a template begin with one card, so that their arguments are the same: the card's address comes with the state, and then from the guest.</summary>
    private const string ClonesMac = "02:50:00:00:00:01";

    /// <summary>Starts QEMU; the machine's directory is there. What was made for it ends with the process or with the directory.</summary>
    /// <param name="host">The host.</param>
    /// <param name="name">Whose directory and log it uses, and the name that marks the process.</param>
    /// <param name="image">What it boots from.</param>
    /// <param name="place">Its place in the network.</param>
    /// <param name="memory">A file for its memory and whether it is shared; null for QEMU's own.</param>
    /// <param name="server">Forks it, if it is a clone that waits for its template's state; null for one that boots.</param>
    /// <param name="cancellation">Ends the wait for that.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    public static async Task<QemuProcess> SpawnAsync(
        HostContext host, MachineId name, ImageManifest image, INetworkPlace place, (SafeFileHandle File, bool Shared)? memory = null, ForkServer? server = null, CancellationToken cancellation = default)
    {
        var disk = KernelFile.Disk(image);
        using var qmp = UnixSocket.Listen(host.Files.QmpOf(name));
        using var serial = UnixSocket.Listen(host.Files.SerialOf(name));
        using var log = SerialLog.Open(host.Files.LogOf(name));
        using var inherited = new Inheritance();
        if (place.Descriptor is { } tap)
        {
            inherited.Add(tap); // First: the place has told its number.
        }

        // A clone boots nothing: its kernel came with its template's memory.
        var boots = server is null;
        var machine = new QemuMachine(
            host.Mark.NameOf(name),
            image.Platform,
            image.MemoryBytes,
            boots ? inherited.AddFile(image.Kernel) : "",
            KernelCommandLine.Of(image, place.Guest, () => TimestampCounter.KernelArguments),
            host.Accelerator,
            boots ? place.Nic : place.Nic with { Mac = ClonesMac },
            new SerialPort(inherited.Add(serial.SafeHandle), inherited.Add(log)),
            inherited.Add(qmp.SafeHandle))
        {
            Memory = memory is { } ram ? new GuestMemory(inherited.Add(ram.File), ram.Shared) : null,
            IsIncoming = !boots,
            IsLinux = image.Kind != ImageKind.Unikernel,
            Vcpus = image.Vcpus,
            Initramfs = boots && image.Initramfs is { } initramfs ? inherited.AddFile(initramfs) : null,
            Disk = disk is null ? null : DiskOf(host, name, image.Disk!, disk, inherited),
        };
        var process = await host.Launcher.StartAsync(
            new QemuLaunch(QemuCommandLine.Build(machine), log, inherited.Handles, (SerialLog.HardFactor * host.Options.LogBytesMax) + (disk is null ? 0 : DiskCopyBytesMax), LimitsOf(host, image)) { Server = machine.Nic is TapNic ? server : null }, // User-mode networking has another port in each one's arguments.
            cancellation);
        place.Handed();
        return process;
    }

    private static QemuDisk DiskOf(HostContext host, MachineId name, string path, DiskInspection disk, Inheritance inherited)
    {
        var layer = host.Files.DiskOf(name);
        DiskLayer.Create(layer, disk.DiskBytes);
        return new QemuDisk(inherited.AddFile(path), disk.Format, inherited.AddFile(layer, FileAccess.ReadWrite));
    }

    /// <summary>What the process of an image's machine may use of the host.</summary>
    public static MachineLimits LimitsOf(HostContext host, ImageManifest image) => MachineLimits.Of(image.MemoryBytes, image.Vcpus, host.Accelerator);
}
