using System.Security.Cryptography;
using System.Text;
using Pleiad.Machines.Images.Linux;
using Pleiad.Machines.Tests.Guests;
using Pleiad.TestKit;

namespace Pleiad.Machines.Tests.Hosts;

/// <summary>
/// A host of its own kernel, for what this one's may lack: Debian's, emulated, with this host's files as its own. It sees them read-only; what it writes is in
/// its memory and gone with it.
/// </summary>
internal static class EmulatedHost
{
    private const string Busybox = "/bin/busybox";
    private const string Ended = "job ended with status ";
    private const uint Program = 0b111_101_101;

    /// <summary>To reach its files, and for machines' networks.</summary>
    private static readonly string[] Drivers = ["virtio_pci", "9pnet_virtio", "9p", "overlay", "tun", "bridge"];

    private static readonly Lazy<Task<string>> Files = new(MakeAsync);

    // As PID 1 of a first file system that is gone once it has moved to the other: a chroot would not be the root of its mount namespace.
    private const string Init =
        $"""
        #!{Busybox} sh
        export PATH=/bin
        {Busybox} mkdir -p /bin /proc /host /memory /root
        {Busybox} --install -s /bin
        mount -t proc proc /proc
        for module in /modules/*; do insmod $module; done
        mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose host /host
        mount -t tmpfs memory /memory
        mkdir /memory/written /memory/work
        mount -t overlay -o lowerdir=/host,upperdir=/memory/written,workdir=/memory/work root /root
        cd /root
        mount -t proc proc proc
        mount -t sysfs sys sys
        mount -t cgroup2 groups sys/fs/cgroup
        mount -t tmpfs run run
        mount -t devtmpfs dev dev
        mkdir -p dev/pts
        mount -t devpts pts dev/pts
        ln -s /proc/self/fd dev/fd
        ip link set lo up
        cp /job run/job
        exec switch_root /root /bin/sh -c '/bin/bash /run/job; echo "{Ended}$?"; {Busybox} poweroff -f'

        """;

    /// <summary>Starts it, has it do something, and ends it.</summary>
    /// <param name="job">A script of bash; paths are this host's.</param>
    /// <param name="limit">Longest time.</param>
    /// <returns>The script's exit status, and what its console showed.</returns>
    /// <exception cref="InvalidOperationException">It did not come to the end of the script in time; with what its console showed.</exception>
    public static async Task<(int Status, string Console)> RunAsync(string job, TimeSpan limit)
    {
        var files = await Files.Value;
        using var scratch = new TempDirectory();
        var initramfs = scratch.File("initramfs");
        File.Copy(Path.Combine(files, "initramfs"), initramfs);
        await using (var to = new FileStream(initramfs, FileMode.Append))
        using (var archive = new CpioArchive(to))
        {
            archive.AddFile("job", Encoding.UTF8.GetBytes(job), Program);
        }

        var console = scratch.File("console");
        try
        {
            await Programs.RunAsync(
                limit,
                "qemu-system-x86_64",
                "-machine", "pc", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max", "-smp", "2", "-m", "3072", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
                "-serial", "file:" + console, "-device", "virtio-rng-pci",
                "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap", "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
                "-kernel", Path.Combine(files, "vmlinuz"), "-initrd", initramfs, "-append", "console=ttyS0 quiet mitigations=off tsc=reliable panic=-1");
        }
        catch (InvalidOperationException e) when (File.Exists(console))
        {
            throw new InvalidOperationException($"{e.Message}\n{await File.ReadAllTextAsync(console)}", e);
        }

        var said = await File.ReadAllTextAsync(console);
        var end = said.LastIndexOf(Ended, StringComparison.Ordinal);
        return end >= 0
            ? (int.Parse(said[(end + Ended.Length)..].Split('\r', '\n')[0]), said)
            : throw new InvalidOperationException($"the emulated host did not end its job:\n{said}");
    }

    private static async Task<string> MakeAsync()
    {
        var images = Path.Combine(GuestImage.Repository(), "artifacts", "test-images");
        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Init + string.Join(' ', Drivers))))[..8];
        return await KeptFiles.GetAsync(Path.Combine(images, "host-" + key), MakeAsync);
    }

    private static async Task MakeAsync(string root)
    {
        var package = await KernelPackage.FetchAsync("linux-image-amd64", Path.Combine(root, "package"));
        File.Move(package.Kernel, Path.Combine(root, "vmlinuz"));

        await using (var to = File.Create(Path.Combine(root, "initramfs")))
        using (var archive = new CpioArchive(to))
        {
            archive.AddDevice("dev/console", 5, 1);
            archive.AddFile("init", Encoding.ASCII.GetBytes(Init), Program);
            archive.AddFile(Busybox[1..], new FileInfo(Busybox), Program);
            await package.AddModulesAsync(archive, Drivers);
        }

        Directory.Delete(package.Tree, recursive: true);
    }
}
