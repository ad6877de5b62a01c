using System.Globalization;
using System.Text;
using Pleiad.Core.Documents;
using Pleiad.Core.Identity;

namespace Pleiad.Machines.Images;

/// <summary>Reads and writes <c>image.yaml</c>.</summary>
/// <remarks>
/// Only <c>name</c> and <c>kernel</c> must be given. Defaults: <c>kind: unikernel</c>; <c>platform: { machine: microvm, nic: virtio-mmio }</c>, and virtio-pci
/// for the machines q35 and pc; <c>memory: 16MiB</c>; <c>port: 8080</c>; <c>health: /health</c>; <c>address</c> as <see cref="AddressTemplate.Default"/>.
/// </remarks>
public static class ImageDocument
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "image.yaml";

    /// <summary>RAM when none is given: four times what a small unikernel needs.</summary>
    public const long MemoryBytesDefault = 16L << 20;

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
        var kernel = manifest.Kernel.Length == 0 ? "" : Path.GetFullPath(manifest.Kernel, Path.GetFullPath(directory));
        if (kernel.Length > 0)
        {
            CheckKernel(map, kernel, manifest.MemoryBytes);
        }

        map.Finish();
        return manifest with { Kernel = kernel };
    }

    /// <summary>Writes a manifest with every key, always in the same form: equal manifests give equal text, and reading it back gives an equal manifest.</summary>
    public static string Write(ImageManifest manifest) => string.Create(CultureInfo.InvariantCulture, $$"""
        name: {{manifest.Name}}
        kind: {{WordOf(manifest.Kind)}}
        kernel: {{Quoted(manifest.Kernel)}}
        platform: { machine: {{WordOf(manifest.Platform.Machine)}}, nic: {{WordOf(manifest.Platform.Nic)}} }
        address: {{Quoted(manifest.Address)}}
        memory: {{ByteSize.Format(manifest.MemoryBytes)}}
        port: {{manifest.Port}}
        health: {{Quoted(manifest.Health)}}

        """).ReplaceLineEndings("\n");

    /// <summary>The word <c>image.yaml</c> has for a machine type, for example <c>microvm</c>.</summary>
    public static string WordOf(MachineType machine) => MachineWords.First(pair => pair.Type == machine).Word;

    /// <summary>The word <c>image.yaml</c> has for a network card, for example <c>virtio-mmio</c>.</summary>
    public static string WordOf(NicModel nic) => NicWords.First(pair => pair.Model == nic).Word;

    /// <summary>The word <c>image.yaml</c> has for a kind of image.</summary>
    public static string WordOf(ImageKind kind) => kind switch
    {
        ImageKind.Unikernel => "unikernel",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such kind of image"),
    };

    /// <summary>Reads a manifest whose kernel is somewhere else, without looking for it.</summary>
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
        map.Choice("kind", [WordOf(ImageKind.Unikernel)]);
        var kernel = map.Text("kernel", required: true, path => !path.Any(char.IsControl), "give the path of the kernel's ELF file, relative to this file");
        var platform = ReadPlatform(map.Map("platform"));
        var address = map.Text("address", rule: "give a kernel command line with {ip} in it, or dhcp") ?? AddressTemplate.Default;
        foreach (var problem in AddressTemplate.Problems(address))
        {
            var remedy = $"known: {string.Join(", ", AddressTemplate.Placeholders.Select(word => $"{{{word}}}"))}; for example \"{AddressTemplate.Default}\", or {AddressTemplate.Dhcp} for a guest that asks for its address";
            map.Problem("address", address, problem, remedy);
        }

        var memory = map.Size("memory", MemoryBytesMin, MemoryBytesMax) ?? MemoryBytesDefault;
        if (memory % MemoryBytesMin != 0)
        {
            map.Problem("memory", ByteSize.Format(memory), "is no whole number of MiB", "give whole MiB, for example 4MiB");
        }

        var port = (int)(map.WholeNumber("port", 1, 65_535) ?? PortDefault);
        var health = map.Text("health", accepts: IsPath, rule: $"give a path that begins with '/', of at most {HealthLengthMax} printable ASCII characters without spaces");
        return new ImageManifest(name ?? "", kernel ?? "", platform, address, memory, port, health ?? HealthDefault);
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

    private static void CheckKernel(DocumentMap map, string path, long memoryBytes)
    {
        try
        {
            if (Directory.Exists(path))
            {
                map.Problem("kernel", path, "is a directory", "give the kernel's ELF file");
                return;
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var kernel = ElfKernel.Inspect(file);
            if (kernel.Reason is not null)
            {
                map.Problem("kernel", path, kernel.Reason, kernel.Remedy!);
            }
            else if (kernel.LoadEnd >= (ulong)memoryBytes)
            {
                var needed = kernel.LoadEnd / (ulong)MemoryBytesMin + 1;
                map.Problem("memory", ByteSize.Format(memoryBytes), $"is too small for the kernel, which is loaded up to address {kernel.LoadEnd}", $"give at least {needed}MiB");
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            map.Problem("kernel", path, "does not exist", "give the path of the kernel's ELF file, relative to this file");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            map.Problem("kernel", path, $"cannot be read ({error.Message})", "give a file this user may read");
        }
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
