using System.Text.Json;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

/// <summary>What a manifest says of Linux images.</summary>
public sealed class LinuxManifestTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public LinuxManifestTests()
    {
        new ElfFile().WriteTo(_directory.Path);
        _directory.Write("root.cpio", "an archive");
        _directory.Write("root.img", new string('d', 1024));
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_full_manifest_is_read()
    {
        var manifest = Parse("""
            name: server
            kind: linux
            kernel: kernel.elf
            initramfs: root.cpio
            disk: root.img
            arguments: mitigations=off debug
            environment: { MODE: fast, TEXT: "two words" }
            memory: 256MiB
            vcpus: 4
            """);

        manifest.ShouldBe(new ImageManifest(
            "server",
            Path.Combine(_directory.Path, "kernel.elf"),
            new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio),
            "pleiad.ip={ip}/{prefix} pleiad.gw={gateway} pleiad.port={port}",
            256 << 20,
            8080,
            "/health")
        {
            Kind = ImageKind.Linux,
            Initramfs = Path.Combine(_directory.Path, "root.cpio"),
            Disk = Path.Combine(_directory.Path, "root.img"),
            Arguments = "mitigations=off debug",
            Environment = new ServiceEnvironment(new Dictionary<string, string> { ["TEXT"] = "two words", ["MODE"] = "fast" }),
            Vcpus = 4,
        });
        manifest.Environment.Words.ShouldBe(["pleiad.env.MODE=fast", "pleiad.env.TEXT=two%20words"]);
    }

    [Fact]
    public void A_machine_with_a_disk_cannot_be_copied() =>
        Should.Throw<InvalidInputException>(() => Parse("name: a\nkind: linux\nkernel: kernel.elf\ninitramfs: root.cpio\ndisk: root.img\ncloneable: true"))
            .Problems.ShouldHaveSingleItem().Key.ShouldBe("cloneable");

    [Fact]
    public void What_is_not_given_has_the_defaults_of_Linux()
    {
        var manifest = Parse("name: a\nkind: linux\nkernel: kernel.elf\ninitramfs: root.cpio");

        (manifest.MemoryBytes, manifest.Vcpus, manifest.Cloneable, manifest.Arguments).ShouldBe((128L << 20, 1, false, ""));
        Parse("name: a\nkind: disk\nkernel: kernel.elf\ndisk: root.img").Address.ShouldBe("pleiad.ip={ip}/{prefix} pleiad.gw={gateway} pleiad.port={port}");
        Parse("name: a\nkernel: kernel.elf\ndisk: root.img").Disk.ShouldNotBeNull("a unikernel may have a disk");
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        _directory.Write("empty", "");
        _directory.Write("odd.img", "not a whole sector");
        var error = Should.Throw<InvalidInputException>(() => Parse("""
            name: a
            kind: linux
            kernel: kernel.elf
            initramfs: empty
            disk: odd.img
            environment: { 1A: x, PORT: "80", "B C": y }
            vcpus: 100
            cloneable: perhaps
            """));

        error.Problems.Select(problem => (problem.Line, problem.Key, problem.Reason)).ShouldBe([
            (4, "initramfs", "is empty"),
            (5, "disk", "has 18 bytes, which is no whole number of sectors of 512 bytes"),
            (null, "environment.1A", "is no name of a variable"),
            (null, "environment.PORT", "is set by Pleiad"),
            (null, "environment.B C", "is no name of a variable"),
            (7, "vcpus", "is out of range"),
            (8, "cloneable", "is not allowed"),
        ], ignoreOrder: true);
    }

    [Theory]
    [InlineData("kind: linux", "initramfs")]
    [InlineData("kind: disk", "disk")]
    public void What_a_kind_boots_from_must_be_given(string kind, string missing)
    {
        var problem = Should.Throw<InvalidInputException>(() => Parse($"name: a\nkernel: kernel.elf\n{kind}")).Problems.ShouldHaveSingleItem();
        (problem.Key, problem.Reason).ShouldBe((missing, "is missing"));
    }

    [Fact]
    public void What_does_not_fit_into_the_memory_asks_for_more()
    {
        new ElfFile { LoadEnd = 0x3e00000 }.WriteTo(_directory.Path, "large.elf");
        using (var large = File.Create(Path.Combine(_directory.Path, "large.cpio")))
        {
            large.SetLength(8 << 20);
        }

        var problem = Should.Throw<InvalidInputException>(() => Parse("name: a\nkind: linux\nkernel: large.elf\ninitramfs: large.cpio\nmemory: 64MiB")).Problems.ShouldHaveSingleItem();
        problem.ToString().ShouldContain("line 5: memory '64MiB' is too small for kernel and initramfs, which take 73400320 bytes; give at least 71MiB");
    }

    [Fact]
    public void A_command_line_that_no_kernel_reads_is_refused()
    {
        var long1 = Should.Throw<InvalidInputException>(() => Parse($"name: a\nkind: linux\nkernel: kernel.elf\ninitramfs: root.cpio\narguments: {new string('x', 1600)}")).Problems.ShouldHaveSingleItem();
        long1.Key.ShouldBe("arguments");
        long1.Reason.ShouldContain("characters long");
        Should.Throw<InvalidInputException>(() => Parse($"name: a\nkind: linux\nkernel: kernel.elf\ninitramfs: root.cpio\nenvironment: {{ A: '{new string(' ', 500)}x' }}")).Problems
            .ShouldHaveSingleItem().Key.ShouldBe("environment", "each blank takes three characters there");
    }

    [Fact]
    public void A_compressed_kernel_is_named_with_the_way_to_unpack_it()
    {
        var bytes = new byte[4096];
        "HdrS"u8.CopyTo(bytes.AsSpan(0x202));
        File.WriteAllBytes(Path.Combine(_directory.Path, "vmlinuz"), bytes);
        Should.Throw<InvalidInputException>(() => Parse("name: a\nkernel: vmlinuz")).Message.ShouldContain("is a compressed Linux kernel (bzImage); give its vmlinux; 'pleiad image build --linux");
    }

    [Fact]
    public void An_environment_is_equal_by_its_variables_and_survives_JSON()
    {
        var one = new ServiceEnvironment(new Dictionary<string, string> { ["A"] = "1", ["B"] = "é\n%" });
        var same = new ServiceEnvironment(new Dictionary<string, string> { ["B"] = "é\n%", ["A"] = "1" });
        one.ShouldBe(same);
        one.GetHashCode().ShouldBe(same.GetHashCode());
        one.ShouldNotBe(new ServiceEnvironment(new Dictionary<string, string> { ["A"] = "1" }));
        one.Words.ShouldBe(["pleiad.env.A=1", "pleiad.env.B=%C3%A9%0A%25"]);
        JsonSerializer.Deserialize<ServiceEnvironment>(JsonSerializer.Serialize(one)).ShouldBe(one);
    }

    [Fact]
    public void The_sample_for_files_made_elsewhere_is_one_that_is_read()
    {
        new ElfFile().WriteTo(_directory.Path, "vmlinux");
        var manifest = Parse(File.ReadAllText(Path.Combine(Guests.GuestImage.Repository(), "samples", "own-linux", "image.yaml")));
        (manifest.Kind, manifest.Arguments, manifest.Environment.ToString()).ShouldBe((ImageKind.Linux, "loglevel=3", "MODE=fast"));
    }

    private ImageManifest Parse(string text) => ImageDocument.Parse(text, _directory.Path);
}
