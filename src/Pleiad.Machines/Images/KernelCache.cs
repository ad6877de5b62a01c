namespace Pleiad.Machines.Images;

/// <summary>What builds keep for the next one: lwIP's sources, and the last kernels by the hash of what they were made of.</summary>
internal sealed class KernelCache(string root, int kernelsKeptMax)
{
    private readonly string _kernels = Path.Combine(root, "kernels");
    private readonly string _work = Path.Combine(root, "work");
    private readonly string _shipped = Path.Combine(root, "shipped");

    public string Root => root;

    public string Lwip => Path.Combine(root, "lwip");

    public bool HasLwip => File.Exists(Path.Combine(Lwip, "src", "include", "lwip", "init.h"));

    /// <summary>Waits until no other build works here, and removes what one that was killed left.</summary>
    public async Task<FileLock> LockAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        Directory.CreateDirectory(root);
        Directory.CreateDirectory(_kernels);
        var held = await FileLock.AcquireAsync(Path.Combine(root, "lock"), limit, time, cancellation);
        if (Directory.Exists(_work))
        {
            Directory.Delete(_work, recursive: true);
        }

        return held;
    }

    /// <summary>The kernel made of that, or null; it counts as used now.</summary>
    public string? Find(string key)
    {
        var path = KernelPath(key);
        if (!File.Exists(path))
        {
            return null;
        }

        File.SetLastAccessTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
        return path;
    }

    /// <summary>A new directory to build in; the caller deletes it.</summary>
    public string NewWorkDirectory() => Directory.CreateDirectory(Path.Combine(_work, Guid.NewGuid().ToString("N"))).FullName;

    /// <summary>Moves a kernel from the work directory into the cache, and drops those used longest ago.</summary>
    public string Add(string key, string kernel)
    {
        var path = KernelPath(key);
        DurableFiles.Publish(kernel, path);
        foreach (var old in new DirectoryInfo(_kernels).EnumerateFiles().Where(file => file.FullName != path)
            .OrderByDescending(file => file.LastAccessTimeUtc).Skip(kernelsKeptMax - 1).ToList())
        {
            old.Delete();
        }

        return path;
    }

    /// <summary>The digest of the image that was built here for a shipped name last, or null.</summary>
    public string? ShippedDigest(string name)
    {
        var path = Path.Combine(_shipped, name);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    /// <summary>Keeps that digest.</summary>
    public void RememberShipped(string name, string digest)
    {
        Directory.CreateDirectory(_shipped);
        DurableFiles.WriteText(Path.Combine(_shipped, name), digest + "\n", Path.Combine(_shipped, "." + Guid.NewGuid().ToString("N")));
    }

    private string KernelPath(string key) => Path.Combine(_kernels, key + ".elf");
}
