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
}

/// <summary>The serial line: what the guest writes is appended to a file, and whoever connects to the socket sees it and writes to the guest.</summary>
/// <param name="Descriptor">Descriptor of a listening unix socket.</param>
/// <param name="Log">The file.</param>
internal sealed record SerialPort(int Descriptor, string Log);

/// <summary>A guest's memory in a file.</summary>
/// <param name="Descriptor">Descriptor of the file.</param>
/// <param name="Shared">Whether what the guest writes goes to the file; otherwise it gets a copy of each page it writes to.</param>
internal sealed record GuestMemory(int Descriptor, bool Shared);

/// <summary>Builds QEMU's argument list. Pure: the same machine gives the same list.</summary>
/// <remarks>No shell ever sees the list. Within an argument QEMU parses options itself: there a comma in a value is written twice.</remarks>
internal static class QemuCommandLine
{
    private const long Mebibyte = 1 << 20;

    /// <summary>The arguments, without the program.</summary>
    public static IReadOnlyList<string> Build(QemuMachine machine)
    {
        List<string> arguments =
        [
            "-name", Escape(machine.Name),
            "-M", Machine(machine.Platform.Machine) + (machine.Memory is null ? "" : ",memory-backend=ram"),
            "-accel", machine.Accelerator,
            "-cpu", "max",
            "-smp", "1",
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
    }

    private static string Machine(MachineType machine) => machine switch
    {
        // Without ACPI the guest finds its devices on its command line (QEMU appends virtio_mmio.device=…); no timer or interrupt controller but the
        // APICs, which is what a kernel that boots in milliseconds wants.
        MachineType.Microvm => "microvm,acpi=off,rtc=off,pit=off,pic=off,isa-serial=on",
        MachineType.Q35 => "q35",
        MachineType.Pc => "pc",
        _ => throw new ArgumentOutOfRangeException(nameof(machine), machine, "unknown machine type"),
    };

    private static string Memory(long bytes) => bytes % Mebibyte == 0
        ? Text($"{bytes / Mebibyte}M")
        : Text($"{(bytes + 1023) / 1024}K");

    private static void AddSerial(List<string> arguments, SerialPort? port) => arguments.AddRange(
        "-chardev",
        port is null ? "stdio,id=serial,signal=off" : Text($"socket,id=serial,fd={port.Descriptor},server=on,wait=off,logfile={Escape(port.Log)},logappend=on"),
        "-serial",
        "chardev:serial");

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
