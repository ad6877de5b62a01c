using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Images.Linux;

/// <summary>The init of Linux machines, built from <c>guest/linux</c> by make.</summary>
internal static class LinuxInit
{
    /// <summary>Makes sure it is there.</summary>
    /// <exception cref="ImageBuildException">It does not compile.</exception>
    /// <exception cref="TimeoutException">It took too long.</exception>
    public static async Task<string> GetAsync(
        LinuxCache cache, GuestSources guest, LinuxBuilderOptions options, TimeProvider time, IProgress<string>? progress, CancellationToken cancellation)
    {
        var key = guest.LinuxKey(await Toolchain.VersionsAsync(time, cancellation));
        if (cache.FindInit(key) is { } there)
        {
            return there;
        }

        progress?.Report("compiling the init of Linux machines");
        var output = cache.NewWork();
        Directory.CreateDirectory(output);
        var result = await ToolProcess.RunAsync("make", ["-s", "-C", guest.Linux, $"OUT={output}"], output, options.MakeTimeout, time, cancellation);
        return result.ExitCode == 0
            ? cache.AddInit(key, Path.Combine(output, "init"))
            : throw new ImageBuildException(ImageBuildFailure.CompileFailed, $"{guest.Linux} does not build:\n{result.Output}")
            {
                Problems = CompilerOutput.Problems(result.Lines),
                Output = result.Output,
            };
    }
}
