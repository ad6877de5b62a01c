using System.Globalization;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Qemu;

/// <summary>All that a QEMU process for one machine depends on.</summary>
/// <param name="Name">Name of the process for people and for finding it again; see <c>MachineMark</c>.</param>
/// <param name="Platform">The virtual hardware.</param>
/// <param name="MemoryBytes">RAM.</param>
/// <param name="Kernel">Absolute path of the kernel.</param>
/// <param name="KernelArguments">The kernel's command line.</param>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Nic">Its network card; null for none.</param>
/// <param name="Serial">Where the serial line leads; null for standard output.</param>
/// <param name="QmpDescriptor">Descriptor of a listening unix socket for QMP; null for no QMP.</param>
internal sealed record QemuMachine(
    string Name,
    MachinePlatform Platform,
    long MemoryBytes,
    string Kernel,
    string KernelArguments,
    string Accelerator,
    NicAttachment? Nic,
    SerialPort? Serial,
    int? QmpDescriptor)
{
    /// <summary>Memory of its own file rather than of QEMU's; null for QEMU's.</summary>
    public GuestMemory? Memory { get; init; }

    /// <summary>Whether it waits for a saved state instead of booting.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>Whether Linux boots in it, which wants its devices told by ACPI.</summary>
    public bool IsLinux { get; init; }

    /// <summary>Virtual processors, from 1.</summary>
    public int Vcpus { get; init; } = 1;

    /// <summary>Absolute path of the first file system; null for none.</summary>
    public string? Initramfs { get; init; }

    /// <summary>The disk; null for none.</summary>
    public QemuDisk? Disk { get; init; }
}

/// <summary>A disk of which the machine has a copy of its own.</summary>
/// <param name="Path">Path of the image, which QEMU only reads.</param>
/// <param name="Format">Its form, found by <see cref="DiskImage"/>; QEMU does not guess.</param>
/// <param name="Layer">Path of the <see cref="DiskLayer"/> that takes what the machine writes.</param>
internal sealed record QemuDisk(string Path, DiskFormat Format, string Layer);

/// <summary>The serial line: what the guest writes is appended to a file, and whoever connects to the socket sees it and writes to the guest.</summary>
/// <param name="Descriptor">Descriptor of a listening unix socket.</param>
/// <param name="Log">Descriptor of the file, open for appending.</param>
internal sealed record SerialPort(int Descriptor, int Log);

/// <summary>A guest's memory in a file.</summary>
/// <param name="Descriptor">Descriptor of the file.</param>
/// <param name="Shared">Whether what the guest writes goes to the file; otherwise it gets a copy of each page it writes to.</param>
internal sealed record GuestMemory(int Descriptor, bool Shared);

/// <summary>Builds QEMU's argument list. Pure: the same machine gives the same list.</summary>
/// <remarks>No shell ever sees the list. Within an argument QEMU parses options itself: there a comma in a value is written twice.</remarks>
internal static class QemuCommandLine
{
    private const long Mebibyte = 1 << 20;
    private const int LogSet = 1;
    private const int SerialSet = 1;

    /// <summary>The arguments, without the program.</summary>
    public static IReadOnlyList<string> Build(QemuMachine machine)
    {
        List<string> arguments =
        [
            "-name", Escape(machine.Name),
            "-M", Machine(machine) + (machine.Memory is null ? "" : ",memory-backend=ram"),
            "-accel", machine.Accelerator,
            "-cpu", Cpu(machine),
            "-smp", Text($"{machine.Vcpus}"),
            "-m", Memory(machine.MemoryBytes),
            "-nodefaults",
            "-no-user-config",
            "-display", "none",
            "-no-reboot",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
        ];
        if (machine.IsIncoming)
        {
            // What the kernel left in memory comes with the state; QEMU would keep a copy of its file for nothing.
            arguments.AddRange("-incoming", "defer");
        }
        else
        {
            AddKernel(arguments, machine);
        }

        if (machine.Memory is { } memory)
        {
            // Opened anew through the descriptor, so that the file needs no name. The id is part of the saved state.
            var shared = memory.Shared ? "on" : "off";
            arguments.AddRange("-object", Text($"memory-backend-file,id=ram,size={machine.MemoryBytes},mem-path=/proc/self/fd/{memory.Descriptor},share={shared}"));
        }

        AddSerial(arguments, machine.Serial);
        if (machine.QmpDescriptor is { } descriptor)
        {
            // Listening already when QEMU gets it: whoever connects early waits in its backlog, and no path is too long for QEMU.
            arguments.AddRange("-chardev", Text($"socket,id=qmp,fd={descriptor},server=on,wait=off"), "-mon", "chardev=qmp,mode=control");
        }

        if (machine.Nic is LooseNic loose)
        {
            arguments.AddRange("-device", Device(machine.Platform.Nic, loose.Mac, netdev: ""));
        }
        else if (machine.Nic is { } nic)
        {
            arguments.AddRange("-netdev", Netdev(nic), "-device", Device(machine.Platform.Nic, nic.Mac, "netdev=net,"));
        }

        if (machine.Disk is { } disk)
        {
            AddDisk(arguments, disk, machine.Platform.Nic == NicModel.VirtioMmio ? "virtio-blk-device" : "virtio-blk-pci");
        }

        return arguments;
    }

    /// <summary>A value within an option list.</summary>
    internal static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private static void AddKernel(List<string> arguments, QemuMachine machine)
    {
        arguments.AddRange("-kernel", machine.Kernel);
        if (machine.KernelArguments.Length > 0)
        {
            arguments.AddRange("-append", machine.KernelArguments);
        }

        if (machine.Initramfs is { } initramfs)
        {
            arguments.AddRange("-initrd", initramfs);
        }
    }

    private static string Machine(QemuMachine machine) => machine.Platform.Machine switch
    {
        // A distribution's Linux finds virtio devices by ACPI only, and without a clock waits two seconds for one.
        MachineType.Microvm when machine.IsLinux => "microvm,acpi=on,rtc=on,pit=off,pic=off,isa-serial=on",

        // Without ACPI the guest finds its devices on its command line (QEMU appends virtio_mmio.device=…); no timer or interrupt controller but the
        // APICs, which is what a kernel that boots in milliseconds wants.
        MachineType.Microvm => "microvm,acpi=off,rtc=off,pit=off,pic=off,isa-serial=on",
        MachineType.Q35 => "q35",
        MachineType.Pc => "pc",
        _ => throw new ArgumentOutOfRangeException(nameof(machine), machine.Platform.Machine, "unknown machine type"),
    };

    // Linux prepares for each feature of a processor that it finds, and emulated those are work without use: x86-64-v2 is what programs need that do not ask.
    // Without arat (the timer runs while the processor sleeps) it would tick 250 times a second with nothing to do, for microvm has no other timer to wake it.
    private static string Cpu(QemuMachine machine) => machine.IsLinux && machine.Accelerator == "tcg" ? "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand,+arat" : "max";

    // The copy goes with the machine: nothing that it holds has to reach the disk of the host in time.
    private static void AddDisk(List<string> arguments, QemuDisk disk, string device) => arguments.AddRange(
        "-blockdev", $"driver=file,node-name=image-file,filename={Escape(disk.Path)},read-only=on",
        "-blockdev", $"driver={(disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw")},node-name=image,file=image-file,read-only=on",
        "-blockdev", $"driver=file,node-name=layer-file,filename={Escape(disk.Layer)},cache.no-flush=on,discard=unmap",
        "-blockdev", "driver=qcow2,node-name=disk,file=layer-file,backing=image,discard=unmap",
        "-device", $"{device},drive=disk");

    private static string Memory(long bytes) => bytes % Mebibyte == 0
        ? Text($"{bytes / Mebibyte}M")
        : Text($"{(bytes + 1023) / 1024}K");

    private static void AddSerial(List<string> arguments, SerialPort? port)
    {
        if (port is null)
        {
            arguments.AddRange("-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial");
            return;
        }

        // The log by a set of descriptors: QEMU may not open files itself.
        arguments.AddRange(
            "-add-fd",
            Text($"fd={port.Log},set={LogSet}"),
            "-chardev",
            Text($"socket,id=serial,fd={port.Descriptor},server=on,wait=off,logfile=/dev/fdset/{LogSet},logappend=on"),
            "-serial",
            "chardev:serial");
    }

    private static string Netdev(NicAttachment nic) => nic switch
    {
        TapNic tap => Text($"tap,id=net,fd={tap.Descriptor}"),
        UserNic user => Text($"user,id=net,restrict=on,hostfwd=tcp:{user.Host.Address}:{user.Host.Port}-{user.GuestAddress}:{user.GuestPort}"),
        _ => throw new ArgumentOutOfRangeException(nameof(nic), nic, "unknown attachment"),
    };

    private static string Device(NicModel model, string mac, string netdev) => model switch
    {
        NicModel.VirtioMmio => $"virtio-net-device,{netdev}mac={mac}",
        NicModel.VirtioPci => $"virtio-net-pci,{netdev}mac={mac},romfile=",
        _ => throw new ArgumentOutOfRangeException(nameof(model), model, "unknown network card"),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void AddRange(this List<string> list, params ReadOnlySpan<string> items)
    {
        foreach (var item in items)
        {
            list.Add(item);
        }
    }
}
