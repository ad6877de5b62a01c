using System.Security.Cryptography;

namespace Pleiad.TestKit;

/// <summary>The C# service of samples/linux-primes as one static program, published once for its sources.</summary>
public static class LinuxPrimesProgram
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private static readonly Lazy<Task<string>> Published = new(PublishAsync);

    /// <summary>Where it is; made at the first call, which takes half a minute.</summary>
    /// <exception cref="InvalidOperationException">It cannot be published; with what dotnet said.</exception>
    public static Task<string> PathAsync() => Published.Value;

    private static async Task<string> PublishAsync()
    {
        var root = FindRoot();
        var sources = Path.Combine(root, "samples", "linux-primes");
        var kept = Directory.CreateDirectory(Path.Combine(root, "artifacts", "test-images", "linux-primes")).FullName;
        await using var turn = await TakeTurnAsync(Path.Combine(kept, "lock"));
        var program = Path.Combine(kept, await KeyAsync(root, sources));
        if (File.Exists(program))
        {
            return program;
        }

        // No build server: a process that stays would be one that the tests left.
        var output = Path.Combine(kept, "publish");
        await Programs.RunAsync(Limit, DotnetPath(), "publish", sources, "-c", "Release", "-o", output, "--tl:off", "-v", "minimal", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        File.Move(Path.Combine(output, "primes"), program, overwrite: true);
        return program;
    }

    private static string DotnetPath() => Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    private static async Task<string> KeyAsync(string root, string sources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Directory.GetFiles(sources, "*.cs*").Append(Path.Combine(root, "Directory.Build.props")).Order(StringComparer.Ordinal))
        {
            hash.AppendData(await File.ReadAllBytesAsync(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    // Two test projects may want it at once.
    private static async Task<FileStream> TakeTurnAsync(string path)
    {
        FileStream? held = null;
        await Eventually.BecomesTrueAsync(
            () =>
            {
                try
                {
                    held = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                }
                catch (IOException)
                {
                    return Task.FromResult(false);
                }

                return Task.FromResult(true);
            },
            Limit,
            () => Task.FromResult($"{path} is held"));
        return held!;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Pleiad.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"Pleiad.slnx is in no directory above {AppContext.BaseDirectory}");
    }
}
