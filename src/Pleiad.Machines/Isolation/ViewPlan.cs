namespace Pleiad.Machines.Isolation;

/// <summary>What QEMU needs to see of the host's file system, at the same paths.</summary>
/// <param name="Binds">Directories and files, read-only.</param>
/// <param name="Links">Symbolic links, with what they lead to.</param>
/// <param name="Devices">Nodes of <c>/dev</c>, with their device numbers.</param>
internal sealed record ViewPlan(IReadOnlyList<string> Binds, IReadOnlyList<(string Link, string Target)> Links, IReadOnlyList<(string Name, ulong Device)> Devices)
{
    private const ulong Null = (1 << 8) | 3, Zero = (1 << 8) | 5, Random = (1 << 8) | 8, PseudoRandom = (1 << 8) | 9, Kvm = (10 << 8) | 232;

    /// <summary>Directories of programs and libraries; with a merged /usr all but that are links.</summary>
    private static readonly string[] SystemDirectories = ["/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/nix/store", "/gnu/store"];

    private static readonly string[] SystemFiles = ["/etc/ld.so.cache"];

    /// <summary>A plan for this host.</summary>
    /// <param name="qemu">Path of QEMU.</param>
    public static ViewPlan For(string qemu)
    {
        var binds = new List<string>();
        var links = new List<(string, string)>();
        foreach (var directory in SystemDirectories)
        {
            if (new DirectoryInfo(directory).LinkTarget is { } target)
            {
                links.Add((directory, target));
            }
            else if (Directory.Exists(directory))
            {
                binds.Add(directory);
            }
        }

        binds.AddRange(SystemFiles.Where(File.Exists));
        var home = HomeOf(qemu);
        if (!binds.Concat(links.Select(link => link.Item1)).Any(held => home == held || home.StartsWith(held + "/", StringComparison.Ordinal)))
        {
            binds.Add(home);
        }

        // Outer directories first, else they would hide the inner ones.
        binds.Sort(StringComparer.Ordinal);
        var devices = new List<(string, ulong)> { ("null", Null), ("zero", Zero), ("random", Random), ("urandom", PseudoRandom) };
        if (File.Exists("/dev/kvm"))
        {
            devices.Add(("kvm", Kvm));
        }

        return new ViewPlan(binds, links, devices);
    }

    /// <summary>Where a program keeps what belongs to it: the directory above its <c>bin</c>, else its own.</summary>
    private static string HomeOf(string program)
    {
        var directory = Path.GetDirectoryName(program)!;
        return Path.GetFileName(directory) is "bin" or "sbin" && Path.GetDirectoryName(directory) is { Length: > 1 } above ? above : directory;
    }
}
