using System.Net;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Qemu;

public sealed class QemuCommandLineTests
{
    private const string Mac = "02:50:0a:4d:00:02";
    private static readonly TapNic Tap = new(3, Mac);
    private static readonly UserNic User = new(new IPEndPoint(IPAddress.Loopback, 20_001), IPAddress.Parse("10.0.2.15"), 8080, Mac);

    private static QemuMachine Machine(MachineType type, NicModel card, NicAttachment? nic, int? qmp = 4) =>
        new("pleiad-0123456789ab-m-0000000000", new MachinePlatform(type, card), 4 << 20, "/images/echo.elf", "ip=10.77.0.2/16", "tcg", nic, new SerialPort(5, Log: 6), qmp);

    [Theory]
    [InlineData(MachineType.Microvm, NicModel.VirtioMmio, "microvm,acpi=off,rtc=off,pit=off,pic=off,isa-serial=on", "virtio-net-device,netdev=net,mac=02:50:0a:4d:00:02")]
    [InlineData(MachineType.Q35, NicModel.VirtioPci, "q35", "virtio-net-pci,netdev=net,mac=02:50:0a:4d:00:02,romfile=")]
    [InlineData(MachineType.Pc, NicModel.VirtioPci, "pc", "virtio-net-pci,netdev=net,mac=02:50:0a:4d:00:02,romfile=")]
    public void The_whole_list_of_each_platform_and_network(MachineType type, NicModel card, string machine, string device)
    {
        string[] common =
        [
            "-name", "pleiad-0123456789ab-m-0000000000", "-M", machine, "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "4M",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-kernel", "/images/echo.elf", "-append", "ip=10.77.0.2/16",
            "-add-fd", "fd=6,set=1", "-chardev", "socket,id=serial,fd=5,server=on,wait=off,logfile=/dev/fdset/1,logappend=on", "-serial", "chardev:serial",
        ];

        QemuCommandLine.Build(Machine(type, card, Tap)).ShouldBe(
            [.. common, "-chardev", "socket,id=qmp,fd=4,server=on,wait=off", "-mon", "chardev=qmp,mode=control", "-netdev", "tap,id=net,fd=3", "-device", device]);
        QemuCommandLine.Build(Machine(type, card, User, qmp: 3)).ShouldBe(
            [
                .. common, "-chardev", "socket,id=qmp,fd=3,server=on,wait=off", "-mon", "chardev=qmp,mode=control",
                "-netdev", "user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:20001-10.0.2.15:8080", "-device", device,
            ]);
        QemuCommandLine.Build(Machine(type, card, nic: null, qmp: null)).ShouldBe(common);
    }

    [Fact]
    public void A_loose_card_has_no_network_behind_it() =>
        QemuCommandLine.Build(Machine(MachineType.Microvm, NicModel.VirtioMmio, new LooseNic(Mac), qmp: null)).TakeLast(2).ShouldBe(["-device", $"virtio-net-device,mac={Mac}"]);

    [Fact]
    public void Commas_are_doubled_where_QEMU_parses_options_and_nowhere_else()
    {
        var arguments = QemuCommandLine.Build(Machine(MachineType.Pc, NicModel.VirtioPci, Tap) with
        {
            Kernel = "/a,b/k.elf",
            KernelArguments = "x=1,2 $(id) ; \"q\"",
            Name = "n,debug-threads=on",
        });

        arguments.ShouldContain("/a,b/k.elf");
        arguments.ShouldContain("x=1,2 $(id) ; \"q\"");
        arguments.ShouldContain("n,,debug-threads=on");
    }

    [Fact]
    public void Without_a_log_the_serial_line_is_standard_output() =>
        QemuCommandLine.Build(Machine(MachineType.Pc, NicModel.VirtioPci, null) with { Serial = null }).ShouldContain("stdio,id=serial,signal=off");

    [Fact]
    public void Memory_in_a_file_is_the_machine_s_and_a_saved_state_is_waited_for()
    {
        var arguments = QemuCommandLine.Build(Machine(MachineType.Pc, NicModel.VirtioPci, null) with { Memory = new GuestMemory(6, Shared: false), IsIncoming = true }).ToList();

        arguments.ShouldContain("pc,memory-backend=ram");
        arguments.ShouldContain("memory-backend-file,id=ram,size=4194304,mem-path=/proc/self/fd/6,share=off");
        arguments[arguments.IndexOf("-incoming") + 1].ShouldBe("defer");
    }

    [Fact]
    public void An_empty_kernel_command_line_is_left_out() =>
        QemuCommandLine.Build(Machine(MachineType.Pc, NicModel.VirtioPci, null) with { KernelArguments = "" }).ShouldNotContain("-append");

    [Theory]
    [InlineData(4L << 20, "4M")]
    [InlineData(64L << 30, "65536M")]
    [InlineData((3L << 20) + (512 << 10), "3584K")]
    [InlineData((3L << 20) + 1, "3073K")]
    public void Memory_is_in_the_largest_unit_that_keeps_it_whole(long bytes, string expected)
    {
        var arguments = QemuCommandLine.Build(Machine(MachineType.Pc, NicModel.VirtioPci, null) with { MemoryBytes = bytes }).ToList();
        arguments[arguments.IndexOf("-m") + 1].ShouldBe(expected);
    }
}
