using Pleiad.Core.Documents;
using Pleiad.Core.Identity;
using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Images;

/// <summary>
/// Builds unikernel images from a service in C and the guest's sources, and puts them into the store. What was built before from the same sources by the same
/// compiler comes from a cache. Builds of several processes that share a cache follow one another.
/// </summary>
/// <param name="store">Where images go.</param>
/// <param name="options">Where and how it works.</param>
/// <param name="time">Measures limits; the system's when null.</param>
public sealed class UnikernelBuilder(ImageStore store, UnikernelBuilderOptions options, TimeProvider? time = null)
{
    private const int OutputLinesShown = 30;
    private const string UnfitForMake = " \"'$#%:;\\";

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly KernelCache _cache = new(Path.GetFullPath(options.CacheDirectory), options.KernelsKeptMax);

    /// <summary>Builds a service.</summary>
    /// <param name="serviceSourceFile">The service's C file; headers beside it may be included.</param>
    /// <param name="name">Name of the image.</param>
    /// <param name="image">What the image says beside its name; defaults when null.</param>
    /// <param name="progress">Told each step in a sentence.</param>
    /// <param name="cancellation">Ends the build; nothing is stored then.</param>
    /// <exception cref="InvalidInputException">The source file, the name or an option cannot be used.</exception>
    /// <exception cref="ImageBuildException">It cannot be built.</exception>
    /// <exception cref="ImageStoreException">It cannot be stored.</exception>
    public async Task<UnikernelBuild> BuildAsync(
        string serviceSourceFile, string name, UnikernelBuildOptions? image, IProgress<string>? progress, CancellationToken cancellation)
    {
        var guest = GuestSources.Locate(options.GuestDirectory);
        var source = CheckInput(serviceSourceFile, name, guest);
        try
        {
            var fetch = !_cache.HasLwip;
            Toolchain.Require(fetch, Environment.GetEnvironmentVariable("PATH"));
            var key = guest.Key(source, [name, .. await Toolchain.VersionsAsync(_time, cancellation)]);
            using var held = await _cache.LockAsync(options.FetchTimeout + options.MakeTimeout, _time, cancellation);
            var cached = _cache.Find(key);
            if (cached is null && fetch)
            {
                progress?.Report("fetching lwIP's sources from the Debian archive");
                await FetchAsync(guest, cancellation);
            }

            if (cached is null)
            {
                progress?.Report($"compiling {name}");
            }

            var kernel = cached ?? await MakeAsync(guest, source, name, key, cancellation);
            return new UnikernelBuild(await StoreAsync(kernel, name, image ?? new UnikernelBuildOptions(), cancellation), cached is not null);
        }
        catch (TimeoutException error)
        {
            throw new ImageBuildException(ImageBuildFailure.TimedOut, $"building {name}: {error.Message}; try again when the machine is less busy", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageBuildException(
                ImageBuildFailure.CacheUnusable, $"building {name}: {error.Message}; free space in or give this user the right to write to {_cache.Root}", error);
        }
    }

    /// <summary>
    /// Makes sure a shipped image is in the store and built from the sources that are here. An image of that name that was not built here stays as it is.
    /// </summary>
    /// <param name="name">Name of one of <see cref="ShippedImages.All"/>.</param>
    /// <param name="progress">Told each step in a sentence.</param>
    /// <param name="cancellation">Ends the build.</param>
    /// <exception cref="InvalidInputException">No image of that name is shipped.</exception>
    /// <exception cref="ImageBuildException">It cannot be built, and is not in the store.</exception>
    /// <exception cref="ImageStoreException">It cannot be stored or read.</exception>
    public async Task<StoredImage> EnsureShippedAsync(string name, IProgress<string>? progress, CancellationToken cancellation)
    {
        var shipped = ShippedImages.Find(name)
            ?? throw new InvalidInputException("image", new InputProblem("name", name, "is no shipped image", $"shipped: {string.Join(", ", ShippedImages.All.Select(each => each.Name))}"));
        var stored = store.List().FirstOrDefault(each => each.Manifest.Name == name);
        if (stored is { Damage: null } && _cache.ShippedDigest(name) != stored.Digest)
        {
            return stored;
        }

        try
        {
            var guest = GuestSources.Locate(options.GuestDirectory);
            var built = await BuildAsync(guest.Service(shipped.Service), name, null, progress, cancellation);
            _cache.RememberShipped(name, built.Image.Digest);
            return built.Image;
        }
        catch (ImageBuildException error) when (
            stored is { Damage: null } && error.Failure is ImageBuildFailure.ToolsMissing or ImageBuildFailure.GuestMissing)
        {
            progress?.Report($"using image {name} as it was built before: {error.Message}");
            return stored!;
        }
    }

    // make splits its variables at spaces and has no way to quote them.
    private string CheckInput(string serviceSourceFile, string name, GuestSources guest)
    {
        var problems = new List<InputProblem>();
        if (!Names.IsValid(name))
        {
            problems.Add(new InputProblem("name", name, "is not allowed", $"give {Names.Rule}"));
        }

        var source = Path.GetFullPath(serviceSourceFile);
        foreach (var (key, path) in (ReadOnlySpan<(string, string)>)[("service", source), ("guest", guest.Root), ("cache", _cache.Root)])
        {
            if (path.Any(c => char.IsControl(c) || UnfitForMake.Contains(c)))
            {
                problems.Add(new InputProblem(key, path, "is a path that make cannot handle", "use one without spaces, quotes and the characters $ # % : ; \\"));
            }
        }

        if (!source.EndsWith(".c", StringComparison.Ordinal) || !File.Exists(source))
        {
            var reason = File.Exists(source) ? "is no C file" : "does not exist";
            problems.Add(new InputProblem("service", serviceSourceFile, reason, "give the service's source, a file that ends in .c"));
        }

        return problems.Count == 0 ? source : throw new InvalidInputException("image build", problems);
    }

    private async Task FetchAsync(GuestSources guest, CancellationToken cancellation)
    {
        var result = await ToolProcess.RunAsync("sh", [guest.FetchScript, _cache.Lwip], _cache.Root, options.FetchTimeout, _time, cancellation);
        if (result.ExitCode != 0)
        {
            throw new ImageBuildException(
                ImageBuildFailure.FetchFailed,
                $"lwIP's sources could not be fetched from the Debian archive; check that 'apt-get update' works here. It said:\n{Tail(result)}") { Output = result.Output };
        }
    }

    private async Task<string> MakeAsync(GuestSources guest, string source, string name, string key, CancellationToken cancellation)
    {
        var output = _cache.NewWorkDirectory();
        try
        {
            string[] arguments = [$"-j{Environment.ProcessorCount}", "-C", guest.Unikernel, $"OUT={output}", $"LWIP={_cache.Lwip}", $"SERVICE={source}", $"NAME={name}"];
            var result = await ToolProcess.RunAsync("make", arguments, output, options.MakeTimeout, _time, cancellation);
            var kernel = Path.Combine(output, name + ".elf");
            if (result.ExitCode != 0 || !File.Exists(kernel))
            {
                var problems = CompilerOutput.Problems(result.Lines);
                var said = problems.Count > 0 ? string.Join('\n', problems) : Tail(result);
                throw new ImageBuildException(ImageBuildFailure.CompileFailed, $"{source} does not build:\n{said}") { Problems = problems, Output = result.Output };
            }

            return _cache.Add(key, kernel);
        }
        finally
        {
            Directory.Delete(output, recursive: true);
        }
    }

    private async Task<StoredImage> StoreAsync(string kernel, string name, UnikernelBuildOptions image, CancellationToken cancellation)
    {
        var platform = new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio);
        var manifest = new ImageManifest(name, kernel, platform, AddressTemplate.Default, image.MemoryBytes, image.Port, image.Health) { Cloneable = true };

        // Read back, so that a built image keeps the same rules as one that is imported.
        var subject = $"image {name}";
        var checkedManifest = ImageDocument.Parse(ImageDocument.Write(manifest), _cache.Root, subject);
        return await store.ImportAsync(checkedManifest, subject, cancellation);
    }

    private static string Tail(ToolResult result) => string.Join('\n', result.Lines.TakeLast(OutputLinesShown));
}
