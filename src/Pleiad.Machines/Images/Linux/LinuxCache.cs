namespace Pleiad.Machines.Images.Linux;

/// <summary>What builds of Linux images keep for the next one: unpacked kernels by package and version, and inits by the hash of their sources.</summary>
internal sealed class LinuxCache(string root)
{
    /// <summary>Kernels kept of each kind, the newest ones.</summary>
    private const int KernelsKeptMax = 2;

    /// <summary>Inits kept.</summary>
    private const int InitsKeptMax = 4;

    private readonly string _kernels = Path.Combine(root, "kernels");
    private readonly string _inits = Path.Combine(root, "inits");

    public string Root => root;

    /// <summary>Where builds work; there while the lock is held, and removed with all in it by <see cref="DeleteWork"/>.</summary>
    public string Work { get; } = Path.Combine(root, "work");

    /// <summary>Waits until no other build works here, and removes what one that was killed left.</summary>
    public async Task<FileLock> LockAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        Directory.CreateDirectory(_kernels);
        Directory.CreateDirectory(_inits);
        var held = await FileLock.AcquireAsync(Path.Combine(root, "lock"), limit, time, cancellation);
        DeleteWork();
        Directory.CreateDirectory(Work);
        return held;
    }

    /// <summary>A path to work at, on which nothing is; removed by <see cref="DeleteWork"/>.</summary>
    public string NewWork() => Path.Combine(Work, Guid.NewGuid().ToString("N"));

    /// <summary>Removes all that was worked on.</summary>
    public void DeleteWork()
    {
        if (Directory.Exists(Work))
        {
            Directory.Delete(Work, recursive: true);
        }
    }

    /// <summary>A kernel that is there; null when it is not.</summary>
    /// <param name="key">Its package and version, for example <c>linux-image-6.1.0-42-cloud-amd64_6.1.159-1</c>.</param>
    public LinuxKernel? FindKernel(string key) => Directory.Exists(KernelPath(key)) ? Open(KernelPath(key)) : null;

    /// <summary>The newest kernel whose key begins so; null when there is none.</summary>
    public LinuxKernel? NewestKernel(string prefix) =>
        new DirectoryInfo(_kernels).EnumerateDirectories(prefix + "*").OrderByDescending(kernel => kernel.CreationTimeUtc).Select(kernel => Open(kernel.FullName)).FirstOrDefault();

    /// <summary>Keeps a kernel in one step, and drops older ones.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="family">How keys of its kind begin.</param>
    /// <param name="made">The directory it was made in, on <see cref="NewWork"/>.</param>
    public LinuxKernel AddKernel(string key, string family, string made)
    {
        Directory.Move(made, KernelPath(key));
        foreach (var old in new DirectoryInfo(_kernels).EnumerateDirectories(family + "*").OrderByDescending(kernel => kernel.CreationTimeUtc).Skip(KernelsKeptMax).ToList())
        {
            old.Delete(recursive: true);
        }

        return Open(KernelPath(key));
    }

    /// <summary>An init that is there; null when it is not.</summary>
    public string? FindInit(string key) => File.Exists(InitPath(key)) ? InitPath(key) : null;

    /// <summary>Keeps an init, and drops those used longest ago.</summary>
    public string AddInit(string key, string made)
    {
        DurableFiles.Publish(made, InitPath(key));
        foreach (var old in new DirectoryInfo(_inits).EnumerateFiles().OrderByDescending(file => file.CreationTimeUtc).Skip(InitsKeptMax).ToList())
        {
            old.Delete();
        }

        return InitPath(key);
    }

    private string KernelPath(string key) => Path.Combine(_kernels, key);

    private string InitPath(string key) => Path.Combine(_inits, key);

    private static LinuxKernel Open(string directory)
    {
        var modules = Path.Combine(directory, LinuxKernel.ModulesFolder);
        return new LinuxKernel(
            Path.GetFileName(directory).Replace('_', ' '),
            Path.Combine(directory, LinuxKernel.File),
            Directory.Exists(modules) ? [.. Directory.EnumerateFiles(modules).Order(StringComparer.Ordinal)] : []);
    }
}

/// <summary>A kernel that machines can boot.</summary>
/// <param name="Name">For people: package and version, or the file it comes from.</param>
/// <param name="Vmlinux">Its ELF file.</param>
/// <param name="Modules">Its modules in the order they are loaded, without signatures.</param>
internal sealed record LinuxKernel(string Name, string Vmlinux, IReadOnlyList<string> Modules)
{
    /// <summary>Name of the ELF file in the cache.</summary>
    public const string File = "vmlinux";

    /// <summary>Name of the modules' folder in the cache.</summary>
    public const string ModulesFolder = "modules";
}
