using System.Globalization;
using System.Net;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Qemu;

/// <summary>What QEMU and the kernel are told of a Linux machine.</summary>
public sealed class LinuxCommandLineTests
{
    private const string Mac = "02:50:0a:4d:01:02";
    private const string Words = "console=ttyS0 quiet panic=-1 cryptomgr.notests";
    private static readonly GuestNetwork Network = new(IPAddress.Parse("10.77.1.2"), 16, IPAddress.Parse("10.77.0.1"), Mac, 9090);
    private static readonly MachinePlatform Microvm = new(MachineType.Microvm, NicModel.VirtioMmio);

    private static QemuMachine Machine(MachinePlatform platform, string accelerator = "tcg") =>
        new("n", platform, 128 << 20, "/k", "words", accelerator, new TapNic(3, Mac), null, null) { IsLinux = true, Vcpus = 2, Initramfs = "/a,b/root.cpio" };

    [Fact]
    public void The_whole_list_of_a_machine_with_a_disk() =>
        QemuCommandLine.Build(Machine(Microvm) with { Disk = new QemuDisk("/a,b/disk", DiskFormat.Qcow2, "/layer") }).ShouldBe(
        [
            "-name", "n", "-M", "microvm,acpi=on,rtc=on,pit=off,pic=off,isa-serial=on", "-accel", "tcg", "-cpu", "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand,+arat",
            "-smp", "2", "-m", "128M", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-kernel", "/k", "-append", "words", "-initrd", "/a,b/root.cpio",
            "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial", "-netdev", "tap,id=net,fd=3", "-device", $"virtio-net-device,netdev=net,mac={Mac}",
            "-blockdev", "driver=file,node-name=image-file,filename=/a,,b/disk,read-only=on", "-blockdev", "driver=qcow2,node-name=image,file=image-file,read-only=on",
            "-blockdev", "driver=file,node-name=layer-file,filename=/layer,cache.no-flush=on,discard=unmap",
            "-blockdev", "driver=qcow2,node-name=disk,file=layer-file,backing=image,discard=unmap", "-device", "virtio-blk-device,drive=disk",
        ]);

    [Fact]
    public void Hardware_virtualization_gives_the_host_s_processor_and_PCI_a_disk_on_PCI()
    {
        var arguments = QemuCommandLine.Build(Machine(new MachinePlatform(MachineType.Q35, NicModel.VirtioPci), "kvm") with { Disk = new QemuDisk("/d", DiskFormat.Raw, "/layer") }).ToList();
        arguments[arguments.IndexOf("-cpu") + 1].ShouldBe("max");
        arguments[arguments.IndexOf("-M") + 1].ShouldBe("q35");
        arguments[^1].ShouldBe("virtio-blk-pci,drive=disk");
        arguments.ShouldContain("driver=raw,node-name=image,file=image-file,read-only=on");
    }

    [Fact]
    public void The_kernel_is_told_of_clock_address_environment_and_arguments() => Of(ImageKind.Linux, "/i").ShouldBe(
        $"{Words} tsc_early_khz=1 pleiad.ip=10.77.1.2/16 pleiad.port=9090 pleiad.env.MODE=very%20fast debug loglevel=7");

    [Fact]
    public void A_disk_is_made_the_root_by_the_init_or_without_one_by_the_kernel()
    {
        Of(ImageKind.Disk, "/i").ShouldContain(" tsc_early_khz=1 pleiad.root=vda pleiad.ip=");
        Of(ImageKind.Disk, null).ShouldContain(" tsc_early_khz=1 root=/dev/vda rw pleiad.ip=");
    }

    [Fact]
    public void A_unikernel_is_told_its_address_and_its_arguments_and_nothing_is_measured_for_it()
    {
        var image = Image(ImageKind.Unikernel, null);
        KernelCommandLine.Of(image, Network, () => throw new InvalidOperationException()).ShouldBe("pleiad.ip=10.77.1.2/16 pleiad.port=9090 debug loglevel=7");
        KernelCommandLine.Of(image with { Arguments = "" }, Network, () => "").ShouldBe("pleiad.ip=10.77.1.2/16 pleiad.port=9090");
    }

    [Fact]
    public void The_longest_command_line_that_a_manifest_may_ask_for_is_one_that_Linux_reads()
    {
        var image = Image(ImageKind.Disk, "/i") with { Arguments = new string('x', AddressTemplate.LengthMax - 80), Platform = Microvm };
        KernelCommandLine.Of(image, Network, () => "tsc_early_khz=10000000 tsc=reliable").Length.ShouldBeLessThan(2048);
    }

    [Fact]
    public void The_counter_s_rate_is_what_a_longer_measurement_finds()
    {
        // What Linux measured at its boot, where it says so; a processor of an unknown kind has none, and then nothing is told.
        if (TimestampCounter.Kilohertz is not { } rate)
        {
            TimestampCounter.KernelArguments.ShouldBeEmpty();
            File.ReadAllText("/proc/cpuinfo").ShouldNotContain("nonstop_tsc");
            return;
        }

        TimestampCounter.KernelArguments.ShouldBe(string.Create(CultureInfo.InvariantCulture, $"tsc_early_khz={rate} tsc=reliable"));
        rate.ShouldBeInRange(100_000, 20_000_000);
        TimestampCounter.Kilohertz.ShouldBe(rate, "it is measured once");
    }

    private static string Of(ImageKind kind, string? initramfs) => KernelCommandLine.Of(Image(kind, initramfs), Network, () => "tsc_early_khz=1");

    private static ImageManifest Image(ImageKind kind, string? initramfs) =>
        new("a", "/k", Microvm, "pleiad.ip={ip}/{prefix} pleiad.port={port}", 128 << 20, 8080, "/health")
        {
            Kind = kind,
            Initramfs = initramfs,
            Disk = kind == ImageKind.Disk ? "/d" : null,
            Arguments = "debug loglevel=7",
            Environment = kind == ImageKind.Unikernel ? ServiceEnvironment.Empty : new ServiceEnvironment(new Dictionary<string, string> { ["MODE"] = "very fast" }),
        };
}
