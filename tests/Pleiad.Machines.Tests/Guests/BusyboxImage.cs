using System.Security.Cryptography;
using System.Text;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;

namespace Pleiad.Machines.Tests.Guests;

/// <summary>Debian's cloud kernel with Debian's busybox: loads the drivers, asks for its address by udhcpc, answers with httpd. Nothing in it is Pleiad's.</summary>
internal static class BusyboxImage
{
    private const string Busybox = "/bin/busybox";
    private const uint Program = 0b111_101_101;
    private static readonly string[] Drivers = ["virtio_pci", "virtio_mmio", "virtio_net"];

    private static readonly Lazy<Task<(string Kernel, string Initramfs)>> Files = new(MakeAsync);

    private const string Init =
        """
        #!/bin/busybox sh
        export PATH=/bin
        /bin/busybox mkdir -p /bin /proc /sys
        /bin/busybox --install -s /bin
        mount -t proc proc /proc
        mount -t sysfs sys /sys
        for module in /modules/*; do insmod $module; done
        ip link set lo up
        ip link set eth0 up
        udhcpc -f -q -t 100 -T 1 -i eth0 -s /lease
        exec httpd -f -p 8080 -h /www

        """;

    private const string Lease =
        """
        #!/bin/busybox sh
        if [ "$1" = bound ]; then
            ip address replace $ip/$mask dev $interface
            echo "dhcp: bound ip=$ip/$mask router=$router dns=$dns"
        fi

        """;

    /// <summary>The image, made once per run.</summary>
    public static async Task<StoredImage> GetAsync(MachinePlatform platform)
    {
        var (kernel, initramfs) = await Files.Value;
        var manifest = new ImageManifest("busybox", kernel, platform, AddressTemplate.Dhcp, 128 << 20, 8080, "/health") { Kind = ImageKind.Linux, Initramfs = initramfs };
        return new StoredImage(manifest, "sha256:" + new string('0', 64), new FileInfo(kernel).Length, DateTimeOffset.UnixEpoch);
    }

    private static async Task<(string Kernel, string Initramfs)> MakeAsync()
    {
        var images = Path.Combine(GuestImage.Repository(), "artifacts", "test-images");
        var name = "busybox-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Init + Lease)))[..8];
        var kept = await KeptFiles.GetAsync(Path.Combine(images, name), MakeAsync);
        return (Path.Combine(kept, "vmlinux"), Path.Combine(kept, "initramfs"));
    }

    private static async Task MakeAsync(string root)
    {
        var package = await KernelPackage.FetchAsync("linux-image-cloud-amd64", Path.Combine(root, "package"));
        var kernel = Path.Combine(root, "vmlinux");
        await File.WriteAllBytesAsync(kernel, CompressedKernel.Unpack(await File.ReadAllBytesAsync(package.Kernel), package.Kernel));

        var initramfs = Path.Combine(root, "initramfs");
        await using (var to = File.Create(initramfs))
        using (var archive = new CpioArchive(to))
        {
            archive.AddDevice("dev/console", 5, 1);
            archive.AddFile("init", Encoding.ASCII.GetBytes(Init), Program);
            archive.AddFile("lease", Encoding.ASCII.GetBytes(Lease), Program);
            archive.AddFile("www/health", "well\n"u8, 0b110_100_100);
            archive.AddFile("bin/busybox", new FileInfo(Busybox), Program);
            await package.AddModulesAsync(archive, Drivers);
        }

        Directory.Delete(package.Tree, recursive: true);
    }
}
