using Pleiad.Machines.Images.Linux;
using Pleiad.TestKit;

namespace Pleiad.Machines.Tests.Guests;

/// <summary>One of Debian's kernels, unpacked and not installed.</summary>
/// <param name="Tree">Where it is; the caller deletes it.</param>
internal sealed record KernelPackage(string Tree)
{
    private static readonly TimeSpan FetchTime = TimeSpan.FromMinutes(5);

    /// <summary>The kernel as it boots.</summary>
    public string Kernel => Directory.GetFiles(Path.Combine(Tree, "boot"), "vmlinuz-*").Single();

    /// <summary>Fetches what a metapackage stands for now.</summary>
    public static async Task<KernelPackage> FetchAsync(string metapackage, string tree)
    {
        await Programs.RunAsync(FetchTime, "sh", Path.Combine(GuestImage.Repository(), "guest", "linux", "fetch-package.sh"), metapackage, tree);
        return new KernelPackage(tree);
    }

    /// <summary>Adds modules and those they need as files of /modules, named so that they can be loaded in order.</summary>
    public async Task AddModulesAsync(CpioArchive archive, IEnumerable<string> names)
    {
        var modules = KernelModules.InOrder(Directory.GetDirectories(Path.Combine(Tree, "lib", "modules")).Single(), names);
        foreach (var (module, number) in modules.Select((module, number) => (module, number)))
        {
            archive.AddFile($"modules/{number:D2}", KernelModules.WithoutSignature(await File.ReadAllBytesAsync(module)), 0b110_100_100);
        }
    }
}
