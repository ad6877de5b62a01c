using System.Text;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images.Linux;

/// <summary>The builder with real make and sh, on a guest whose archive is a script that gives the package a test has made.</summary>
public sealed class LinuxBuilderTests : IDisposable
{
    private const string FetchScript = """
        here=$(dirname "$0")
        [ ! -f "$here/offline" ] || { echo "no route to the archive" >&2; exit 1; }
        [ $# -eq 1 ] || { cp -r "$here/package" "$2"; echo "fetched" >> "$here/log"; }
        cat "$here/version"
        """;

    private const string Makefile = "$(OUT)/init:\n\t@cp $(dir $(abspath $(lastword $(MAKEFILE_LIST))))init.c $@\n";

    private readonly TemporaryDirectory _directory = new();
    private readonly ImageStore _store;
    private readonly Steps _steps = new();

    public LinuxBuilderTests()
    {
        _directory.Write("guest/unikernel/Makefile", "");
        _directory.Write("guest/linux/Makefile", Makefile);
        _directory.Write("guest/linux/init.c", "the init");
        _directory.Write("guest/linux/fetch-package.sh", FetchScript + "\n");
        _directory.Write("guest/linux/version", "linux-image-6.1.0-9-cloud-amd64 6.1.9-1\n");
        _directory.Write("guest/linux/package/lib/modules/6.1/virtio_net.ko", "\0depends=virtio\0net");
        _directory.Write("guest/linux/package/lib/modules/6.1/virtio_blk.ko", "\0depends=virtio\0blk");
        _directory.Write("guest/linux/package/lib/modules/6.1/virtio.ko", "\0depends=\0virtio");
        _directory.Write("guest/linux/package/lib/modules/6.1/modules.builtin", "kernel/virtio_mmio.ko\n");
        Directory.CreateDirectory(Path.Combine(_directory.Path, "guest/linux/package/boot"));
        File.WriteAllBytes(Path.Combine(_directory.Path, "guest/linux/package/boot/vmlinuz-6.1"), BzImage.Of(BzImage.Gzip(new ElfFile().Bytes())));
        new ElfFile().WriteTo(_directory.Path, "server");
        _store = new ImageStore(Path.Combine(_directory.Path, "images"));
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_program_becomes_an_image_and_the_same_program_the_same_image()
    {
        var first = await BuildAsync();

        first.Kernel.ShouldBe("linux-image-6.1.0-9-cloud-amd64 6.1.9-1");
        (await File.ReadAllBytesAsync(first.Image.Manifest.Kernel)).ShouldBe(new ElfFile().Bytes());
        var root = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(first.Image.Manifest.Initramfs!));
        root.ShouldContain("the init");
        root.ShouldContain("/pleiad/00-virtio.ko\n/pleiad/01-virtio_net.ko\n");
        root.ShouldNotContain("virtio_blk", Case.Sensitive, "there is no disk");
        (first.Image.Manifest.Kind, first.Image.Manifest.MemoryBytes, first.Image.Manifest.Cloneable).ShouldBe((ImageKind.Linux, 128L << 20, true));
        _steps.Told.ShouldBe([
            "fetching linux-image-6.1.0-9-cloud-amd64 from the Debian archive", "unpacking linux-image-6.1.0-9-cloud-amd64",
            "compiling the init of Linux machines", "packing server",
        ]);

        _steps.Told.Clear();
        var second = await BuildAsync();
        second.Image.ShouldBe(first.Image);
        _steps.Told.ShouldBe(["packing server"]);
        Directory.GetFileSystemEntries(Path.Combine(_directory.Path, "cache/linux")).Select(Path.GetFileName).Order().ShouldBe(["inits", "kernels", "lock"]);
    }

    [Fact]
    public async Task A_newer_kernel_is_fetched_and_without_the_archive_the_last_one_serves()
    {
        await BuildAsync();
        _directory.Write("guest/linux/version", "linux-image-6.1.0-10-cloud-amd64 6.1.10-1\n");
        (await BuildAsync()).Kernel.ShouldBe("linux-image-6.1.0-10-cloud-amd64 6.1.10-1");
        _directory.Write("guest/linux/offline", "");
        (await BuildAsync()).Kernel.ShouldBe("linux-image-6.1.0-10-cloud-amd64 6.1.10-1");
        File.ReadAllLines(Path.Combine(_directory.Path, "guest/linux/log")).Length.ShouldBe(2);

        Directory.Delete(Path.Combine(_directory.Path, "cache"), recursive: true);
        var error = await Should.ThrowAsync<ImageBuildException>(BuildAsync);
        error.Failure.ShouldBe(ImageBuildFailure.FetchFailed);
        error.Message.ShouldContain("no route to the archive");
    }

    [Fact]
    public async Task A_disk_has_its_driver_and_large_files_more_memory()
    {
        var disk = Path.Combine(_directory.Path, "root.img");
        await File.WriteAllBytesAsync(disk, new byte[1024]);
        var image = (await BuildAsync(order => (order.Source, order.Disk, order.Command) = (null, disk, ["/bin/server"]))).Image;
        (image.Manifest.Kind, image.Manifest.Cloneable).ShouldBe((ImageKind.Disk, false));
        Encoding.Latin1.GetString(await File.ReadAllBytesAsync(image.Manifest.Initramfs!)).ShouldContain("/pleiad/02-virtio_blk.ko\n");

        var root = _directory.Make("root");
        File.Copy(Path.Combine(_directory.Path, "server"), Path.Combine(root, "service"));
        File.SetUnixFileMode(Path.Combine(root, "service"), (UnixFileMode)0b111_101_101);
        await using (var large = File.Create(Path.Combine(root, "large")))
        {
            large.SetLength(64 << 20);
        }

        (await BuildAsync(order => order.Source = root)).Image.Manifest.MemoryBytes.ShouldBe(192L << 20);
    }

    [Fact]
    public async Task A_kernel_of_the_user_s_is_unpacked_and_loads_no_modules()
    {
        var kernel = Path.Combine(_directory.Path, "guest/linux/package/boot/vmlinuz-6.1");
        var built = await BuildAsync(order => order.Kernel = kernel);
        built.Kernel.ShouldBe(kernel);
        (await File.ReadAllBytesAsync(built.Image.Manifest.Kernel)).ShouldBe(new ElfFile().Bytes());
        Encoding.Latin1.GetString(await File.ReadAllBytesAsync(built.Image.Manifest.Initramfs!)).ShouldNotContain(".ko");
        (await Should.ThrowAsync<InvalidInputException>(() => BuildAsync(order => order.Kernel = Path.Combine(_directory.Path, "guest/linux/version")))).Message.ShouldContain("is neither an ELF file");
    }

    [Fact]
    public async Task An_init_that_does_not_compile_is_told_and_stores_nothing()
    {
        _directory.Write("guest/linux/Makefile", "$(OUT)/init:\n\t@echo 'init.c:3:1: error: broken'; exit 1\n");
        var error = await Should.ThrowAsync<ImageBuildException>(BuildAsync);
        error.Failure.ShouldBe(ImageBuildFailure.CompileFailed);
        error.Problems.ShouldHaveSingleItem().Line.ShouldBe(3);
        _store.List().ShouldBeEmpty();
    }

    private Task<LinuxBuild> BuildAsync() => BuildAsync(_ => { });

    private Task<LinuxBuild> BuildAsync(Action<LinuxBuildOrder> change)
    {
        var order = new LinuxBuildOrder { Name = "server", Source = Path.Combine(_directory.Path, "server") };
        change(order);
        var options = new LinuxBuilderOptions { CacheDirectory = Path.Combine(_directory.Path, "cache"), GuestDirectory = Path.Combine(_directory.Path, "guest") };
        return new LinuxBuilder(_store, options).BuildAsync(order, _steps, CancellationToken.None);
    }

    private sealed class Steps : IProgress<string>
    {
        public List<string> Told { get; } = [];

        public void Report(string value) => Told.Add(value);
    }
}
