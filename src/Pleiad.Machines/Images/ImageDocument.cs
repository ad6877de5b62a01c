using System.Globalization;
using System.Text;
using Pleiad.Core.Documents;
using Pleiad.Core.Identity;

namespace Pleiad.Machines.Images;

/// <summary>Reads and writes <c>image.yaml</c>.</summary>
/// <remarks>
/// Only <c>name</c> and <c>kernel</c> must be given, for <c>kind: linux</c> <c>initramfs</c> too, for <c>kind: disk</c> <c>disk</c>. Defaults: <c>kind: unikernel</c>;
/// <c>platform: { machine: microvm, nic: virtio-mmio }</c>, and virtio-pci for the machines q35 and pc; <c>memory: 16MiB</c>, with Linux 128MiB; <c>vcpus: 1</c>;
/// <c>port: 8080</c>; <c>health: /health</c>; <c>cloneable: false</c>; <c>address</c> as <see cref="AddressTemplate.DefaultOf"/>; no <c>arguments</c>, no <c>environment</c>.
/// What is not given and has no default is not written either, so that an image keeps its digest when Pleiad learns a new key.
/// </remarks>
public static class ImageDocument
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "image.yaml";

    /// <summary>RAM when none is given: four times what a small unikernel needs.</summary>
    public const long MemoryBytesDefault = 16L << 20;

    /// <summary>RAM of a Linux machine when none is given: Debian's kernel takes about 70 MiB of it.</summary>
    public const long LinuxMemoryBytesDefault = 128L << 20;

    /// <summary>Most virtual processors of a machine.</summary>
    public const int VcpusMax = 64;

    /// <summary>Smallest RAM of a machine, in bytes.</summary>
    public const long MemoryBytesMin = 1L << 20;

    /// <summary>Largest RAM of a machine, in bytes.</summary>
    public const long MemoryBytesMax = 64L << 30;

    /// <summary>TCP port when none is given.</summary>
    public const int PortDefault = 8080;

    /// <summary>Health path when none is given.</summary>
    public const string HealthDefault = "/health";

    private const int HealthLengthMax = 200;

    private static readonly (MachineType Type, string Word)[] MachineWords = [(MachineType.Microvm, "microvm"), (MachineType.Q35, "q35"), (MachineType.Pc, "pc")];

    private static readonly (ImageKind Kind, string Word)[] KindWords = [(ImageKind.Unikernel, "unikernel"), (ImageKind.Linux, "linux"), (ImageKind.Disk, "disk")];

    private static readonly (NicModel Model, string Word)[] NicWords = [(NicModel.VirtioMmio, "virtio-mmio"), (NicModel.VirtioPci, "virtio-pci")];

    /// <summary>Reads a manifest file and looks at the kernel it names.</summary>
    /// <param name="path">The manifest; a relative kernel is beside it.</param>
    /// <returns>The manifest with the kernel as an absolute path.</returns>
    /// <exception cref="InvalidInputException">With every problem found, also when the file cannot be read.</exception>
    public static ImageManifest Load(string path)
    {
        string text;
        try
        {
            using var reader = new StreamReader(path, Encoding.UTF8);
            var buffer = new char[DocumentMap.LengthMax + 1];
            text = new string(buffer, 0, reader.ReadBlock(buffer));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InvalidInputException(path, new InputProblem(FileName, path, $"cannot be read ({error.Message})", "give the path of an image.yaml"), error);
        }

        return Parse(text, Path.GetDirectoryName(Path.GetFullPath(path))!, path);
    }

    /// <summary>Reads a manifest and looks at the kernel it names.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="directory">Where a relative kernel is looked for.</param>
    /// <param name="subject">What to call it in errors.</param>
    /// <returns>The manifest with the kernel as an absolute path.</returns>
    /// <exception cref="InvalidInputException">With every problem found.</exception>
    public static ImageManifest Parse(string text, string directory, string subject = FileName)
    {
        var map = DocumentMap.Parse(text, subject);
        var manifest = Read(map);
        var root = Path.GetFullPath(directory);
        manifest = manifest.WithFiles(path => path.Length == 0 ? "" : Path.GetFullPath(path, root));
        ImageFileChecks.Check(map, manifest);
        map.Finish();
        return manifest;
    }

    /// <summary>Writes a manifest, always in the same form: equal manifests give equal text, and reading it back gives an equal manifest.</summary>
    public static string Write(ImageManifest manifest)
    {
        var text = new StringBuilder();
        Add($"name: {manifest.Name}");
        Add($"kind: {WordOf(manifest.Kind)}");
        foreach (var (key, path) in manifest.Files)
        {
            Add($"{key}: {Quoted(path)}");
        }

        Add($"platform: {{ machine: {WordOf(manifest.Platform.Machine)}, nic: {WordOf(manifest.Platform.Nic)} }}");
        Add($"address: {Quoted(manifest.Address)}");
        if (manifest.Arguments.Length > 0)
        {
            Add($"arguments: {Quoted(manifest.Arguments)}");
        }

        if (manifest.Environment.Variables.Count > 0)
        {
            Add($"environment: {{ {string.Join(", ", manifest.Environment.Variables.Select(one => $"{Quoted(one.Key)}: {Quoted(one.Value)}"))} }}");
        }

        Add($"memory: {ByteSize.Format(manifest.MemoryBytes)}");
        if (manifest.Vcpus != 1)
        {
            Add($"vcpus: {manifest.Vcpus}");
        }

        Add($"port: {manifest.Port}");
        Add($"health: {Quoted(manifest.Health)}");
        if (manifest.Cloneable)
        {
            Add($"cloneable: true");
        }

        return text.ToString();

        void Add(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>The word <c>image.yaml</c> has for a machine type, for example <c>microvm</c>.</summary>
    public static string WordOf(MachineType machine) => MachineWords.First(pair => pair.Type == machine).Word;

    /// <summary>The word <c>image.yaml</c> has for a network card, for example <c>virtio-mmio</c>.</summary>
    public static string WordOf(NicModel nic) => NicWords.First(pair => pair.Model == nic).Word;

    /// <summary>The word <c>image.yaml</c> has for a kind of image.</summary>
    public static string WordOf(ImageKind kind) => KindWords.First(pair => pair.Kind == kind).Word;

    /// <summary>Reads a manifest whose files are somewhere else, without looking for them.</summary>
    internal static ImageManifest ParseStored(string text, string subject)
    {
        var map = DocumentMap.Parse(text, subject);
        var manifest = Read(map);
        map.Finish();
        return manifest;
    }

    private static ImageManifest Read(DocumentMap map)
    {
        var name = map.Text("name", required: true, Names.IsValid, $"give {Names.Rule}");
        var kindWord = map.Choice("kind", [.. KindWords.Select(pair => pair.Word)]);
        var kind = kindWord is null ? ImageKind.Unikernel : KindWords.First(pair => pair.Word == kindWord).Kind;
        var kernel = ReadPath(map, "kernel", required: true, "the kernel's ELF file");
        var initramfs = ReadPath(map, "initramfs", required: kind == ImageKind.Linux, "the archive with the first file system");
        var disk = ReadPath(map, "disk", required: kind == ImageKind.Disk, "the raw or qcow2 disk image");
        var platform = ReadPlatform(map.Map("platform"));
        var address = ReadCommandLine(map, kind, out var arguments, out var environment);
        var fallback = kind == ImageKind.Unikernel ? MemoryBytesDefault : LinuxMemoryBytesDefault;
        var memory = map.Size("memory", MemoryBytesMin, MemoryBytesMax) ?? fallback;
        if (memory % MemoryBytesMin != 0)
        {
            map.Problem("memory", ByteSize.Format(memory), "is no whole number of MiB", "give whole MiB, for example 4MiB");
        }

        var vcpus = (int)(map.WholeNumber("vcpus", 1, VcpusMax) ?? 1);
        var port = (int)(map.WholeNumber("port", 1, 65_535) ?? PortDefault);
        var health = map.Text("health", accepts: IsPath, rule: $"give a path that begins with '/', of at most {HealthLengthMax} printable ASCII characters without spaces");
        var cloneable = map.Choice("cloneable", ["true", "false"]) == "true";
        if (cloneable && disk is not null)
        {
            map.Problem("cloneable", "true", "cannot be with a disk, whose content a template does not hold", "leave cloneable away; machines with a disk boot");
        }

        return new ImageManifest(name ?? "", kernel ?? "", platform, address, memory, port, health ?? HealthDefault)
        {
            Kind = kind,
            Initramfs = initramfs,
            Disk = disk,
            Arguments = arguments,
            Environment = environment,
            Vcpus = vcpus,
            Cloneable = cloneable,
        };
    }

    private static string? ReadPath(DocumentMap map, string key, bool required, string what) =>
        map.Text(key, required, path => !path.Any(char.IsControl), $"give the path of {what}, relative to this file");

    private static string ReadCommandLine(DocumentMap map, ImageKind kind, out string arguments, out ServiceEnvironment environment)
    {
        var address = map.Text("address", rule: "give a kernel command line with {ip} in it, or dhcp") ?? AddressTemplate.DefaultOf(kind);
        foreach (var problem in AddressTemplate.Problems(address))
        {
            var remedy = $"known: {string.Join(", ", AddressTemplate.Placeholders.Select(word => $"{{{word}}}"))}; for example \"{AddressTemplate.DefaultOf(kind)}\", or {AddressTemplate.Dhcp} for a guest that asks for its address";
            map.Problem("address", address, problem, remedy);
        }

        arguments = map.Text("arguments", accepts: text => !text.Any(char.IsControl), rule: "give kernel arguments without line breaks") ?? "";
        environment = ReadEnvironment(map, kind);
        var length = address.Length + arguments.Length + environment.Words.Sum(word => word.Length + 1);
        if (length > AddressTemplate.LengthMax && address.Length <= AddressTemplate.LengthMax)
        {
            map.Problem(
                map.Has("environment") ? "environment" : "arguments", null, $"makes the kernel command line {length} characters long", $"address, arguments and environment have at most {AddressTemplate.LengthMax} together");
        }

        return address;
    }

    private static ServiceEnvironment ReadEnvironment(DocumentMap map, ImageKind kind)
    {
        var variables = map.TextMap("environment");
        if (kind == ImageKind.Unikernel && variables.Count > 0)
        {
            map.Problem("environment", null, "is for Linux: a unikernel has no environment", "give what it needs in arguments");
        }

        foreach (var (name, value) in variables)
        {
            foreach (var (reason, remedy) in ServiceEnvironment.Problems(name, value))
            {
                map.Problem($"environment.{name}", value, reason, remedy);
            }
        }

        return new ServiceEnvironment(variables);
    }

    private static MachinePlatform ReadPlatform(DocumentMap map)
    {
        var machineWord = map.Choice("machine", [.. MachineWords.Select(pair => pair.Word)]);
        var nicWord = map.Choice("nic", [.. NicWords.Select(pair => pair.Word)]);
        var machine = machineWord is null ? MachineType.Microvm : MachineWords.First(pair => pair.Word == machineWord).Type;
        var fitting = machine == MachineType.Microvm ? NicModel.VirtioMmio : NicModel.VirtioPci;
        var nic = nicWord is null ? fitting : NicWords.First(pair => pair.Word == nicWord).Model;

        // A wrong machine word is a problem of its own; whether the card fits it cannot be said.
        if (nic != fitting && (machineWord is not null || !map.Has("machine")))
        {
            var reason = machine == MachineType.Microvm ? "cannot be on a microvm, which has no PCI" : $"cannot be on a {WordOf(machine)}, whose devices are on PCI";
            map.Problem("nic", nicWord, reason, $"give nic: {WordOf(fitting)}, or another machine");
        }

        return new MachinePlatform(machine, nic);
    }

    private static bool IsPath(string path) =>
        path.Length <= HealthLengthMax && path.StartsWith('/') && path.All(c => c is > ' ' and < '\u007f');

    // Double quotes keep any text whole; what a reader could take for a line break or cannot see is escaped.
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' or '\\' => quoted.Append('\\').Append((char)rune.Value),
                > ' ' - 1 and < 0x7f => quoted.Append((char)rune.Value),
                _ => quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            };
        }

        return quoted.Append('"').ToString();
    }
}
