using System.Net;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

public sealed class ImageDocumentTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ImageDocumentTests() => new ElfFile().WriteTo(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_full_manifest_is_read()
    {
        var manifest = Parse("""
            name: primes-unikernel
            kind: unikernel           # unikernel | linux | disk
            kernel: kernel.elf
            platform: { machine: q35, nic: virtio-pci }
            address: "netdev.ip={ip}/{prefix}:{gateway}::{mac} -- {port} {netmask}"
            memory: 4MiB
            port: 80
            health: /healthz?x=1
            """);

        manifest.ShouldBe(new ImageManifest(
            "primes-unikernel",
            Path.Combine(_directory.Path, "kernel.elf"),
            new MachinePlatform(MachineType.Q35, NicModel.VirtioPci),
            "netdev.ip={ip}/{prefix}:{gateway}::{mac} -- {port} {netmask}",
            4 << 20,
            80,
            "/healthz?x=1"));
    }

    [Fact]
    public void Only_name_and_kernel_must_be_given()
    {
        var manifest = Parse("name: a\nkernel: kernel.elf");

        manifest.ShouldBe(new ImageManifest(
            "a",
            Path.Combine(_directory.Path, "kernel.elf"),
            new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio),
            "ip={ip}/{prefix} gw={gateway} port={port}",
            16 << 20,
            8080,
            "/health"));
    }

    [Fact]
    public void A_guest_that_asks_for_its_address_says_so_and_has_nothing_of_it_on_its_command_line()
    {
        var manifest = Parse("name: a\nkernel: kernel.elf\naddress: dhcp");

        AddressTemplate.IsDhcp(manifest.Address).ShouldBeTrue();
        KernelCommandLine.Render(manifest.Address, new GuestNetwork(IPAddress.Loopback, 8, IPAddress.Loopback, "02:00:00:00:00:01", 80)).ShouldBeEmpty();
        ImageDocument.Write(manifest).ShouldContain("address: \"dhcp\"");
    }

    [Theory]
    [InlineData("microvm", NicModel.VirtioMmio)]
    [InlineData("q35", NicModel.VirtioPci)]
    [InlineData("pc", NicModel.VirtioPci)]
    public void The_network_card_that_is_not_given_fits_the_machine(string machine, NicModel nic) =>
        Parse($"name: a\nkernel: kernel.elf\nplatform: {{ machine: {machine} }}").Platform.Nic.ShouldBe(nic);

    [Fact]
    public void Every_problem_is_told_at_once_with_line_and_remedy()
    {
        var error = Should.Throw<InvalidInputException>(() => Parse("""
            name: Primes
            kind: jail
            kernel: nowhere.elf
            platform: { machine: microvm, nic: virtio-pci, cpu: 2 }
            address: "addr={adress}"
            memory: 512KiB
            port: 70000
            health: health
            colour: red
            """));

        error.Problems.Select(problem => (problem.Line, problem.Key, problem.Reason)).ShouldBe([
            (1, "name", "is not allowed"),
            (2, "kind", "is not allowed"),
            (3, "kernel", "does not exist"),
            (4, "platform.nic", "cannot be on a microvm, which has no PCI"),
            (4, "platform.cpu", "is no known key"),
            (5, "address", "has the unknown placeholder {adress}"),
            (5, "address", "has no {ip}, so its machine would not know its address"),
            (6, "memory", "is out of range"),
            (7, "port", "is out of range"),
            (8, "health", "is not allowed"),
            (9, "colour", "is no known key"),
        ], ignoreOrder: true);
        error.Problems.ShouldAllBe(problem => problem.Remedy.Length > 0);
        error.Message.ShouldContain("image.yaml: line 6: memory '512KiB' is out of range; give a size from 1MiB to 64GiB");
        error.Message.ShouldContain("give nic: virtio-mmio");
    }

    [Theory]
    [InlineData("platform: { machine: q35, nic: virtio-mmio }", "platform.nic", "cannot be on a q35")]
    [InlineData("platform: { machine: pc, nic: virtio-mmio }", "platform.nic", "cannot be on a pc")]
    [InlineData("platform: { nic: virtio-pci }", "platform.nic", "cannot be on a microvm")]
    [InlineData("platform: { machine: isapc, nic: virtio-pci }", "platform.machine", "is not allowed")]
    [InlineData("platform: microvm", "platform", "is no mapping")]
    [InlineData("address: DHCP", "address", "has no {ip}")]
    [InlineData("address: '{ip} {port'", "address", "has a '{' without its other brace")]
    [InlineData("address: '{ip} }'", "address", "has a '}' without its other brace")]
    [InlineData("address: \"ip={ip}\\nroot\"", "address", "has a line break")]
    [InlineData("address: '{ip} {IP}'", "address", "has the unknown placeholder {IP}")]
    [InlineData("memory: 4", "memory", "is out of range")]
    [InlineData("memory: 4M", "memory", "is no size")]
    [InlineData("memory: 2049KiB", "memory", "is no whole number of MiB")]
    [InlineData("memory: 65GiB", "memory", "is out of range")]
    [InlineData("port: 0", "port", "is out of range")]
    [InlineData("port: http", "port", "is no whole number")]
    [InlineData("health: '/a b'", "health", "is not allowed")]
    [InlineData("health: [/a]", "health", "is no single value")]
    [InlineData("disk: d.img", "disk", "does not exist")]
    [InlineData("initramfs: kernel.elf/x", "initramfs", "does not exist")]
    [InlineData("vcpus: 0", "vcpus", "is out of range")]
    [InlineData("vcpus: 65", "vcpus", "is out of range")]
    [InlineData("cloneable: yes", "cloneable", "is not allowed")]
    [InlineData("arguments: \"a\\nb\"", "arguments", "is not allowed")]
    [InlineData("environment: { A: b }", "environment", "a unikernel has no environment")]
    [InlineData("volume: d.img", "volume", "is no known key")]
    public void One_wrong_value_is_one_problem_with_its_line(string line, string key, string reason)
    {
        var problem = Should.Throw<InvalidInputException>(() => Parse("name: a\nkernel: kernel.elf\n" + line)).Problems.ShouldHaveSingleItem();

        problem.Key.ShouldBe(key);
        problem.Reason.ShouldContain(reason);
        problem.Line.ShouldBe(3);
    }

    [Fact]
    public void A_kernel_that_is_missing_a_directory_or_no_kernel_is_refused()
    {
        _directory.Write("text.elf", "not a kernel");
        _directory.Make("folder");

        Problem("kernel: nowhere.elf").Reason.ShouldBe("does not exist");
        Problem("kernel: nowhere/kernel.elf").Reason.ShouldBe("does not exist");
        Problem("kernel: folder").Reason.ShouldBe("is a directory");
        Problem("kernel: text.elf").Reason.ShouldBe("is no ELF file");
        Problem("kernel: kernel.elf/x").Reason.ShouldBe("does not exist");
        Problem("kernel: ''").Reason.ShouldBe("is empty");
        Problem("kernel: ['kernel.elf']").Reason.ShouldBe("is no single value");

        InputProblem Problem(string line) => Should.Throw<InvalidInputException>(() => Parse("name: a\n" + line)).Problems.ShouldHaveSingleItem();
    }

    [Fact]
    public void A_kernel_that_is_loaded_beyond_the_memory_asks_for_more()
    {
        new ElfFile { LoadEnd = 0x480000 }.WriteTo(_directory.Path, "large.elf");

        var problem = Should.Throw<InvalidInputException>(() => Parse("name: a\nkernel: large.elf\nmemory: 4MiB")).Problems.ShouldHaveSingleItem();

        problem.ToString().ShouldContain("line 3: memory '4MiB' is too small for the kernel, which is loaded up to address 4718592; give at least 5MiB");
        Parse("name: a\nkernel: large.elf\nmemory: 5MiB").MemoryBytes.ShouldBe(5 << 20);
    }

    [Fact]
    public void A_manifest_file_is_read_with_its_kernel_beside_it()
    {
        var path = _directory.Write("image.yaml", "name: a\nkernel: ./kernel.elf");

        ImageDocument.Load(path).Kernel.ShouldBe(Path.Combine(_directory.Path, "kernel.elf"));
        ImageDocument.Load(Path.GetRelativePath(Environment.CurrentDirectory, path)).Kernel.ShouldBe(Path.Combine(_directory.Path, "kernel.elf"));
    }

    [Fact]
    public void A_manifest_file_that_cannot_be_read_is_refused_by_name()
    {
        Should.Throw<InvalidInputException>(() => ImageDocument.Load(Path.Combine(_directory.Path, "none.yaml"))).Message.ShouldContain("none.yaml' cannot be read");
        Should.Throw<InvalidInputException>(() => ImageDocument.Load(_directory.Path)).Message.ShouldContain("cannot be read");
        Should.Throw<InvalidInputException>(() => ImageDocument.Load("")).Message.ShouldContain("cannot be read");
        Should.Throw<InvalidInputException>(() => ImageDocument.Load("/dev/zero")).Message.ShouldContain("at most");
    }

    [Fact]
    public void What_is_written_reads_back_equal_and_is_written_equal()
    {
        var random = new Random(8);
        var odd = "abc \"\\'#:{}[]&*!|>%@`,?-éß\u2028\u00a0😀".EnumerateRunes().ToArray();
        var machines = Enum.GetValues<MachineType>();
        for (var round = 0; round < 500; round++)
        {
            var directory = _directory.Make("k" + round + string.Concat(Enumerable.Range(0, 6).Select(_ => odd[random.Next(odd.Length)])));
            var machine = machines[random.Next(machines.Length)];
            var manifest = new ImageManifest(
                $"image-{round}",
                new ElfFile().WriteTo(directory),
                new MachinePlatform(machine, machine == MachineType.Microvm ? NicModel.VirtioMmio : NicModel.VirtioPci),
                "ip={ip} \"q\" \\ # " + string.Concat(Enumerable.Range(0, 5).Select(_ => "ab\"\\'#: é\u2028"[random.Next(10)])),
                (long)random.Next(2, 65_536) << 20,
                random.Next(1, 65_536),
                "/health\"\\#" + random.Next())
            {
                Kind = ImageKind.Linux,
                Initramfs = _directory.Write("initramfs " + round, "x"),
                Disk = round % 2 == 0 ? null : _directory.Write("disk " + round, new string('d', 512)),
                Arguments = round % 3 == 0 ? "" : "debug \"q\" # \\ " + round,
                Environment = new ServiceEnvironment(new Dictionary<string, string> { ["B"] = "x\n: \"y\" 'z' é\u2028", [$"A{round}"] = "{ [" }),
                Vcpus = random.Next(1, 65),
                Cloneable = round % 2 == 0,
            };
            var text = ImageDocument.Write(manifest);

            var read = ImageDocument.Parse(text, "/");

            read.ShouldBe(manifest);
            ImageDocument.Write(read).ShouldBe(text);
        }
    }

    [Fact]
    public void The_written_form_is_this()
    {
        ImageDocument.Write(Parse("kernel: kernel.elf\nname: a") with { Kernel = "kernel.elf" }).ShouldBe("""
            name: a
            kind: unikernel
            kernel: "kernel.elf"
            platform: { machine: microvm, nic: virtio-mmio }
            address: "ip={ip}/{prefix} gw={gateway} port={port}"
            memory: 16MiB
            port: 8080
            health: "/health"

            """);
    }

    [Fact]
    public void A_template_is_filled_in()
    {
        AddressTemplate.Expand("ip={ip}/{prefix} {ip} end", word => word == "ip" ? "10.77.0.2" : "24").ShouldBe("ip=10.77.0.2/24 10.77.0.2 end");
        AddressTemplate.Expand("plain", _ => "x").ShouldBe("plain");
        Should.Throw<FormatException>(() => AddressTemplate.Expand("{what}", _ => "x"));
    }

    [Fact]
    public void A_changed_manifest_is_read_or_refused()
    {
        var random = new Random(99);
        const string full = "name: a\nkind: unikernel\nkernel: kernel.elf\nplatform: { machine: microvm, nic: virtio-mmio }\naddress: \"ip={ip}/{prefix}\"\nmemory: 4MiB\nport: 8080\nhealth: /health\n";
        for (var round = 0; round < 5_000; round++)
        {
            var text = full;
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                var at = random.Next(text.Length);
                text = random.Next(3) switch
                {
                    0 => text.Remove(at, random.Next(Math.Min(12, text.Length - at) + 1)),
                    1 => text.Insert(at, ((char)random.Next(0, 0x100)).ToString()),
                    _ => text.Insert(at, text.Substring(at, random.Next(Math.Min(12, text.Length - at) + 1))),
                } + " ";
            }

            try
            {
                Parse(text);
            }
            catch (InvalidInputException)
            {
                // The expected answer to most of them.
            }
            catch (Exception other)
            {
                throw new InvalidOperationException($"round {round}:\n{text}", other);
            }
        }
    }

    private ImageManifest Parse(string text) => ImageDocument.Parse(text, _directory.Path);
}
