using System.Globalization;
using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Images.Linux;

/// <summary>The kernels of Linux images: Debian's cloud kernel, one that is compiled small, or a file of the user's.</summary>
internal sealed class LinuxKernels(LinuxCache cache, GuestSources guest, LinuxBuilderOptions options, TimeProvider time)
{
    /// <summary>The word for Debian's cloud kernel.</summary>
    public const string Debian = "debian";

    /// <summary>The word for the kernel that is compiled small.</summary>
    public const string Trimmed = "trimmed";

    private const string DebianPackage = "linux-image-cloud-amd64";
    private const string DebianFamily = "linux-image-";
    private const string SourcePackage = "linux-source";
    private const string TrimmedFamily = "trimmed-";
    private const int OutputLinesShown = 30;

    private string Script => Path.Combine(guest.Linux, "fetch-package.sh");

    private string Config => Path.Combine(guest.Linux, "trimmed.config");

    /// <summary>Makes sure a kernel is there.</summary>
    /// <param name="which"><see cref="Debian"/>, <see cref="Trimmed"/> or a file.</param>
    /// <param name="progress">Told each step in a sentence.</param>
    /// <param name="cancellation">Ends the work.</param>
    public Task<LinuxKernel> GetAsync(string which, IProgress<string>? progress, CancellationToken cancellation) => which switch
    {
        Debian => DebianAsync(progress, cancellation),
        Trimmed => TrimmedAsync(progress, cancellation),
        _ => GivenAsync(which, cancellation),
    };

    private async Task<LinuxKernel> DebianAsync(IProgress<string>? progress, CancellationToken cancellation)
    {
        if (await NewestAsync(DebianPackage, DebianFamily, cancellation) is not { } package)
        {
            return cache.NewestKernel(DebianFamily)!;
        }

        if (cache.FindKernel(package.Key) is { } there)
        {
            return there;
        }

        progress?.Report($"fetching {package.Name} from the Debian archive");
        var tree = await FetchAsync(DebianPackage, cancellation);
        progress?.Report($"unpacking {package.Name}");
        var made = cache.NewWork();
        Directory.CreateDirectory(Path.Combine(made, LinuxKernel.ModulesFolder));
        var packed = Directory.GetFiles(Path.Combine(tree, "boot"), "vmlinuz-*").Single();
        await File.WriteAllBytesAsync(Path.Combine(made, LinuxKernel.File), CompressedKernel.Unpack(await File.ReadAllBytesAsync(packed, cancellation), packed), cancellation);
        var modules = KernelModules.InOrder(Directory.GetDirectories(Path.Combine(tree, "lib", "modules")).Single(), KernelModules.Wanted);
        foreach (var (module, number) in modules.Select((module, index) => (module, index)))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{number:D2}-{KernelModules.NameOf(module)}.ko");
            await File.WriteAllBytesAsync(Path.Combine(made, LinuxKernel.ModulesFolder, name), KernelModules.WithoutSignature(await OpenModuleAsync(module, cancellation)).ToArray(), cancellation);
        }

        return cache.AddKernel(package.Key, DebianFamily, made);
    }

    private async Task<LinuxKernel> TrimmedAsync(IProgress<string>? progress, CancellationToken cancellation)
    {
        var package = await NewestAsync(SourcePackage, TrimmedFamily, cancellation);
        var key = package is null ? null : $"{TrimmedFamily}{package.Name}_{package.Version}_{GuestSources.Hash([("config", Config)], [])[..12]}";
        if ((key is null ? cache.NewestKernel(TrimmedFamily) : cache.FindKernel(key)) is { } there)
        {
            return there;
        }

        Toolchain.RequireForLinux(compileKernel: true, Environment.GetEnvironmentVariable("PATH"));
        progress?.Report($"fetching {package!.Name} from the Debian archive");
        var tree = await FetchAsync(SourcePackage, cancellation);
        progress?.Report("unpacking the kernel's sources");
        var archive = Directory.GetFiles(Path.Combine(tree, "usr", "src"), "linux-source-*.tar.*").Single();
        var sources = cache.NewWork();
        Directory.CreateDirectory(sources);
        await RunAsync("tar", ["-xf", archive, "-C", sources, "--strip-components=1"], sources, options.FetchTimeout, cancellation);
        progress?.Report("compiling the kernel: about 10 minutes of one processor, once");
        string[] fixedNames = ["KBUILD_BUILD_TIMESTAMP=@0", "KBUILD_BUILD_USER=pleiad", "KBUILD_BUILD_HOST=pleiad", "KBUILD_BUILD_VERSION=1"];
        await RunAsync("make", ["-s", $"KCONFIG_ALLCONFIG={Config}", "allnoconfig"], sources, options.MakeTimeout, cancellation);
        await RunAsync("make", ["-s", $"-j{Environment.ProcessorCount}", .. fixedNames, "vmlinux"], sources, options.KernelTimeout, cancellation);
        var made = cache.NewWork();
        Directory.CreateDirectory(made);
        await RunAsync("strip", ["--strip-all", "-o", Path.Combine(made, LinuxKernel.File), Path.Combine(sources, "vmlinux")], sources, options.MakeTimeout, cancellation);
        return cache.AddKernel(key!, TrimmedFamily, made);
    }

    private async Task<LinuxKernel> GivenAsync(string file, CancellationToken cancellation)
    {
        var made = cache.NewWork();
        await File.WriteAllBytesAsync(made, CompressedKernel.Unpack(await File.ReadAllBytesAsync(file, cancellation), file), cancellation);
        return new LinuxKernel(Path.GetFullPath(file), made, []);
    }

    /// <summary>The package that is newest now; null when the archive cannot be asked and an older one is in the cache.</summary>
    private async Task<Package?> NewestAsync(string metapackage, string family, CancellationToken cancellation)
    {
        var result = await ToolProcess.RunAsync("sh", [Script, metapackage], cache.Work, options.FetchTimeout, time, cancellation);
        if (result.ExitCode == 0 && result.Lines is [.., var line] && line.Split(' ') is [var name, var version])
        {
            return new Package(name, version);
        }

        return cache.NewestKernel(family) is not null ? null : throw FetchFailed(metapackage, result);
    }

    private async Task<string> FetchAsync(string metapackage, CancellationToken cancellation)
    {
        var tree = cache.NewWork();
        var result = await ToolProcess.RunAsync("sh", [Script, metapackage, tree], cache.Work, options.FetchTimeout, time, cancellation);
        return result.ExitCode == 0 ? tree : throw FetchFailed(metapackage, result);
    }

    private async Task<byte[]> OpenModuleAsync(string module, CancellationToken cancellation)
    {
        if (!module.EndsWith(".xz", StringComparison.Ordinal))
        {
            return await File.ReadAllBytesAsync(module, cancellation);
        }

        Toolchain.RequireForPackedModules(Environment.GetEnvironmentVariable("PATH"));
        await RunAsync("xz", ["-d", module], cache.Work, options.MakeTimeout, cancellation);
        return await File.ReadAllBytesAsync(module[..^".xz".Length], cancellation);
    }

    private async Task RunAsync(string tool, IReadOnlyList<string> arguments, string directory, TimeSpan limit, CancellationToken cancellation)
    {
        var result = await ToolProcess.RunAsync(tool, arguments, directory, limit, time, cancellation);
        if (result.ExitCode != 0)
        {
            var said = string.Join('\n', result.Lines.TakeLast(OutputLinesShown));
            throw new ImageBuildException(ImageBuildFailure.CompileFailed, $"{tool} {string.Join(' ', arguments)} ended with status {result.ExitCode}:\n{said}") { Output = result.Output };
        }
    }

    private static ImageBuildException FetchFailed(string metapackage, ToolResult result) =>
        new(ImageBuildFailure.FetchFailed, $"{metapackage} could not be fetched from the Debian archive; check that 'apt-get update' works here. It said:\n{string.Join('\n', result.Lines.TakeLast(OutputLinesShown))}")
        {
            Output = result.Output,
        };

    private sealed record Package(string Name, string Version)
    {
        public string Key => $"{Name}_{Version}";
    }
}
