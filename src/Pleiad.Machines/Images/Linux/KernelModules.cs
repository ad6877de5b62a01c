using System.Buffers.Binary;
using System.Text;

namespace Pleiad.Machines.Images.Linux;

/// <summary>The modules of a kernel's package: which ones a machine needs and in which order they are loaded.</summary>
internal static class KernelModules
{
    /// <summary>What a machine needs whose devices are on virtio-mmio; <see cref="Disk"/> only with a disk.</summary>
    public static readonly IReadOnlyList<string> Wanted = ["virtio_mmio", "virtio_net", Disk];

    /// <summary>The module that only machines with a disk need.</summary>
    public const string Disk = "virtio_blk";

    private const int SignatureInfoBytes = 12;

    /// <summary>The files of modules, each behind those it depends on; those that are built into the kernel have none.</summary>
    /// <param name="tree">The directory <c>lib/modules/VERSION</c> of the kernel.</param>
    /// <param name="wanted">Names of modules.</param>
    /// <exception cref="InvalidDataException">A module is neither there nor built in.</exception>
    public static IReadOnlyList<string> InOrder(string tree, IEnumerable<string> wanted)
    {
        var files = Directory.EnumerateFiles(tree, "*.ko*", SearchOption.AllDirectories).GroupBy(NameOf).ToDictionary(group => group.Key, group => group.First());
        var list = Path.Combine(tree, "modules.builtin");
        var builtIn = File.Exists(list) ? File.ReadLines(list).Select(NameOf).ToHashSet(StringComparer.Ordinal) : [];
        var ordered = new List<string>();
        foreach (var name in wanted)
        {
            Add(name);
        }

        return ordered;

        void Add(string name)
        {
            if (builtIn.Contains(name))
            {
                return;
            }

            var file = files.GetValueOrDefault(name) ?? throw new InvalidDataException($"the kernel in {tree} has no module {name}, which a machine needs");
            if (!ordered.Contains(file))
            {
                foreach (var needed in Needs(File.ReadAllBytes(file)))
                {
                    Add(needed);
                }

                ordered.Add(file);
            }
        }
    }

    /// <summary>
    /// A module without the signature at its end, whose check takes 0.4 s of a start under emulation. What it guards against does not apply: the module comes from
    /// a package that apt has checked, and lies in an image with a digest.
    /// </summary>
    public static ReadOnlySpan<byte> WithoutSignature(ReadOnlySpan<byte> module)
    {
        var mark = "~Module signature appended~\n"u8;
        if (!module.EndsWith(mark) || module.Length < mark.Length + SignatureInfoBytes)
        {
            return module;
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(module[(module.Length - mark.Length - sizeof(uint))..]);
        var end = module.Length - mark.Length - SignatureInfoBytes - (long)length;
        return end > 0 ? module[..(int)end] : module;
    }

    /// <summary>A module's name as other modules call it.</summary>
    public static string NameOf(string path)
    {
        var file = Path.GetFileName(path);
        return file[..(file.IndexOf(".ko", StringComparison.Ordinal) is var end and >= 0 ? end : file.Length)].Replace('-', '_');
    }

    // The section .modinfo is a row of texts, each ended by a NUL.
    private static IEnumerable<string> Needs(byte[] module)
    {
        var key = "\0depends="u8;
        var at = module.AsSpan().IndexOf(key);
        var rest = at < 0 ? [] : module.AsSpan(at + key.Length);
        var end = rest.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? [] : rest[..end]).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(NameOf);
    }
}
