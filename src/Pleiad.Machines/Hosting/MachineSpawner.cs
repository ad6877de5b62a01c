using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Identity;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Starts the QEMU process of a machine, of a template or of a spare.</summary>
internal static class MachineSpawner
{
    /// <summary>Most that a machine may write to its copy of a disk, with the tables of qcow2.</summary>
    private const long DiskCopyBytesMax = 64L << 30;

    /// <summary>Starts QEMU; the machine's directory is there. What was made for it ends with the process or with the directory.</summary>
    /// <param name="host">The host.</param>
    /// <param name="name">Whose directory and log it uses, and the name that marks the process.</param>
    /// <param name="image">What it boots from.</param>
    /// <param name="place">Its place in the network.</param>
    /// <param name="memory">A file for its memory and whether it is shared; null for QEMU's own.</param>
    /// <param name="incoming">Whether it waits for a saved state.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    public static async Task<QemuProcess> SpawnAsync(
        HostContext host, MachineId name, ImageManifest image, INetworkPlace place, (SafeFileHandle File, bool Shared)? memory = null, bool incoming = false)
    {
        var disk = KernelFile.Disk(image);
        using var qmp = UnixSocket.Listen(host.Files.QmpOf(name));
        using var serial = UnixSocket.Listen(host.Files.SerialOf(name));
        var inherited = new List<SafeHandle>();
        if (place.Descriptor is { } tap)
        {
            inherited.Add(tap);
        }

        var log = host.Files.LogOf(name);
        var machine = new QemuMachine(
            host.Mark.NameOf(name),
            image.Platform,
            image.MemoryBytes,
            image.Kernel,
            KernelCommandLine.Of(image, place.Guest, () => TimestampCounter.KernelArguments),
            host.Accelerator,
            place.Nic,
            new SerialPort(Add(serial.SafeHandle), log),
            Add(qmp.SafeHandle))
        {
            Memory = memory is { } ram ? new GuestMemory(Add(ram.File), ram.Shared) : null,
            IsIncoming = incoming,
            IsLinux = image.Kind != ImageKind.Unikernel,
            Vcpus = image.Vcpus,
            Initramfs = image.Initramfs,
            Disk = disk,
        };
        try
        {
            var arguments = QemuCommandLine.Build(machine);
            var process = await host.Network.StartAsync(() => QemuProcess.Start(host.Qemu.Path, arguments, log, inherited, host.Watch));
            process.LimitFileSize(SerialLog.HardFactor * host.Options.LogBytesMax + (disk is null ? 0 : DiskCopyBytesMax));
            place.Handed();
            return process;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{host.Qemu.Path} cannot be started: {e.Message}; is QEMU still installed?", e);
        }

        int Add(SafeHandle descriptor)
        {
            inherited.Add(descriptor);
            return QemuProcess.FirstInherited + inherited.Count - 1;
        }
    }
}
