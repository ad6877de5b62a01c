using Pleiad.Core.Documents;
using Pleiad.Core.Identity;

namespace Pleiad.Machines.Images.Linux;

/// <summary>
/// Builds Linux images: a kernel, an initramfs with the shipped init and the service's files, or a disk that holds them. Kernels and init come from a cache once
/// they were made; the same sources give the same image. Builds of several processes that share a cache follow one another.
/// </summary>
/// <param name="store">Where images go.</param>
/// <param name="options">Where and how it works.</param>
/// <param name="time">Measures limits; the system's when null.</param>
public sealed class LinuxBuilder(ImageStore store, LinuxBuilderOptions options, TimeProvider? time = null)
{
    private const long MemoryStepBytes = 16L << 20;

    /// <summary>What kernel and service need beside the kernel itself and the file system, which stands in memory twice while it is unpacked.</summary>
    private const long MemorySpareBytes = 48L << 20;

    private const string UnfitForMake = " \"'$#%:;\\";

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly LinuxCache _cache = new(Path.Combine(Path.GetFullPath(options.CacheDirectory), "linux"));

    /// <summary>Builds an image.</summary>
    /// <param name="order">What of.</param>
    /// <param name="progress">Told each step in a sentence.</param>
    /// <param name="cancellation">Ends the build; nothing is stored then.</param>
    /// <exception cref="InvalidInputException">With every problem of the order.</exception>
    /// <exception cref="ImageBuildException">It cannot be built.</exception>
    /// <exception cref="ImageStoreException">It cannot be stored.</exception>
    public async Task<LinuxBuild> BuildAsync(LinuxBuildOrder order, IProgress<string>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        var guest = GuestSources.Locate(options.GuestDirectory);
        Check(order, guest);
        try
        {
            Toolchain.RequireForLinux(compileKernel: false, Environment.GetEnvironmentVariable("PATH"));
            using var held = await _cache.LockAsync(options.FetchTimeout + options.KernelTimeout, _time, cancellation);
            try
            {
                var kernel = await new LinuxKernels(_cache, guest, options, _time).GetAsync(order.Kernel, progress, cancellation);
                var init = await LinuxInit.GetAsync(_cache, guest, options, _time, progress, cancellation);
                progress?.Report($"packing {order.Name}");
                var initramfs = _cache.NewWork();
                var bytes = Initramfs.Write(initramfs, init, kernel, order);
                return new LinuxBuild(await StoreAsync(order, kernel, initramfs, bytes, cancellation), kernel.Name);
            }
            finally
            {
                _cache.DeleteWork();
            }
        }
        catch (TimeoutException error)
        {
            throw new ImageBuildException(ImageBuildFailure.TimedOut, $"building {order.Name}: {error.Message}; try again when the machine is less busy", error);
        }
        catch (InvalidDataException error)
        {
            throw new ImageBuildException(ImageBuildFailure.FetchFailed, $"building {order.Name}: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ImageBuildException(ImageBuildFailure.CacheUnusable, $"building {order.Name}: {error.Message}", error);
        }
    }

    private void Check(LinuxBuildOrder order, GuestSources guest)
    {
        var problems = new List<InputProblem>();
        if (!Names.IsValid(order.Name))
        {
            problems.Add(new InputProblem("name", order.Name, "is not allowed", $"give {Names.Rule}"));
        }

        // make splits its variables at spaces and has no way to quote them.
        foreach (var (key, path) in (ReadOnlySpan<(string, string)>)[("guest", guest.Root), ("cache", _cache.Root)])
        {
            if (path.Any(c => char.IsControl(c) || UnfitForMake.Contains(c)))
            {
                problems.Add(new InputProblem(key, path, "is a path that make cannot handle", "use one without spaces, quotes and the characters $ # % : ; \\"));
            }
        }

        if (order.Kernel is not (LinuxKernels.Debian or LinuxKernels.Trimmed) && !File.Exists(order.Kernel))
        {
            problems.Add(new InputProblem("kernel", order.Kernel, "does not exist", $"give {LinuxKernels.Debian}, {LinuxKernels.Trimmed} or the path of a vmlinux or vmlinuz"));
        }

        CheckCommand(order, problems);
        CheckFiles(order, problems);
        if (problems.Count > 0)
        {
            throw new InvalidInputException("image build", problems);
        }
    }

    private static void CheckCommand(LinuxBuildOrder order, List<InputProblem> problems)
    {
        const int argumentsMax = 64;
        const int lengthMax = 8192;
        if (order.Command is [var program, ..] && !program.StartsWith('/'))
        {
            problems.Add(new InputProblem("command", program, "is no absolute path", "give the service's program as its path in the machine, for example /usr/bin/server"));
        }

        if (order.Command.Count > argumentsMax || order.Command.Sum(argument => argument.Length) > lengthMax)
        {
            problems.Add(new InputProblem("command", null, "is too long", $"give at most {argumentsMax} words of {lengthMax} characters together"));
        }

        if (order.Command.Any(argument => argument.Any(c => c is '\n' or '\0')))
        {
            problems.Add(new InputProblem("command", null, "has a line break", "leave it out"));
        }

        if (order.Disk is not null && order.Command.Count == 0)
        {
            problems.Add(new InputProblem("command", null, "is missing", "give the service's program on the disk"));
        }
    }

    private static void CheckFiles(LinuxBuildOrder order, List<InputProblem> problems)
    {
        if (order.Source is null == order.Disk is null)
        {
            problems.Add(new InputProblem("linux", order.Source, order.Source is null ? "is missing" : "and disk are given both", "give a program or directory, or a disk"));
            return;
        }

        var path = order.Source ?? order.Disk!;
        var key = order.Source is null ? "disk" : "linux";
        var program = Initramfs.CommandOf(order)[0];
        if (order.Source is not null && Directory.Exists(path))
        {
            Add(RootDirectory.ProblemOfDirectory(path, program));
        }
        else if (!File.Exists(path))
        {
            Add(("does not exist", order.Source is null ? "give a raw or qcow2 disk image" : "give a static program or a directory"));
        }
        else if (order.Source is not null)
        {
            Add(RootDirectory.ProblemOfProgram(path));
            Add(program == RootDirectory.ServicePath ? null : ($"is {RootDirectory.ServicePath} in the machine, not {program}", $"give a command that begins with {RootDirectory.ServicePath}"));
        }

        void Add((string Reason, string Remedy)? problem)
        {
            if (problem is var (reason, remedy))
            {
                problems.Add(new InputProblem(key, path, reason, remedy));
            }
        }
    }

    private async Task<StoredImage> StoreAsync(LinuxBuildOrder order, LinuxKernel kernel, string initramfs, long initramfsBytes, CancellationToken cancellation)
    {
        var platform = new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio);
        var memory = order.MemoryBytes ?? MemoryFor(kernel, initramfsBytes);
        var manifest = new ImageManifest(order.Name, kernel.Vmlinux, platform, AddressTemplate.LinuxDefault, memory, order.Port, order.Health)
        {
            Kind = order.Disk is null ? ImageKind.Linux : ImageKind.Disk,
            Initramfs = initramfs,
            Disk = order.Disk is null ? null : Path.GetFullPath(order.Disk),
            Arguments = order.Arguments,
            Environment = order.Environment,
            Vcpus = order.Vcpus,
            Cloneable = order.Disk is null,
        };

        // Read back, so that a built image keeps the same rules as one that is imported.
        var subject = $"image {order.Name}";
        return await store.ImportAsync(ImageDocument.Parse(ImageDocument.Write(manifest), _cache.Root, subject), subject, cancellation);
    }

    private static long MemoryFor(LinuxKernel kernel, long initramfsBytes)
    {
        using var file = File.OpenRead(kernel.Vmlinux);
        var needed = (long)ElfKernel.Inspect(file).LoadEnd + 2 * initramfsBytes + MemorySpareBytes;
        return Math.Max(ImageDocument.LinuxMemoryBytesDefault, (needed + MemoryStepBytes - 1) / MemoryStepBytes * MemoryStepBytes);
    }
}
