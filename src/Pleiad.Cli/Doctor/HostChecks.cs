using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Doctor;

/// <summary>What the computer has: runtime, cores, memory, disk, limits. Each judges what it is given.</summary>
internal static class HostChecks
{
    private const long MemoryBytesMin = 256L << 20;
    private const long DiskBytesLow = 512L << 20;
    private const long DiskBytesMin = 64L << 20;
    private const long OpenFilesMin = 4_096;

    public static Finding Runtime(Version version) => new("dotnet", Verdict.Ok, $".NET {version}");

    public static Finding Cores(int count) => count > 1
        ? new("cores", Verdict.Ok, $"{count}")
        : new("cores", Verdict.Warn, "1", "with one core more machines do not make work any quicker");

    /// <param name="meminfo">Text of <c>/proc/meminfo</c>.</param>
    /// <param name="group">What the control groups leave, in bytes; null without a limit.</param>
    public static Finding Memory(string meminfo, long? group)
    {
        if (HostMemory.Read(meminfo) is not { } host)
        {
            return new("memory", Verdict.Warn, "/proc/meminfo does not say how much is available");
        }

        var bytes = Math.Min(host, group ?? long.MaxValue);
        var seen = bytes < host ? $"{Figures.Bytes(bytes)} left by the limit of this control group, {Figures.Bytes(host)} available on the host" : $"{Figures.Bytes(bytes)} available";
        return bytes >= MemoryBytesMin
            ? new("memory", Verdict.Ok, seen)
            : new("memory", Verdict.Warn, seen, $"{(bytes < host ? "raise the limit to leave" : "free")} at least {Figures.Bytes(MemoryBytesMin)}: a machine takes about 20 MiB");
    }

    /// <param name="directory">The data directory, or what there is above it.</param>
    /// <param name="free">Free bytes there.</param>
    public static Finding Disk(string directory, long free) => new(
        "disk",
        free < DiskBytesMin ? Verdict.Fail : free < DiskBytesLow ? Verdict.Warn : Verdict.Ok,
        $"{Figures.Bytes(free)} free at {directory}",
        free < DiskBytesLow ? "free space there, or give another directory with --data" : null);

    /// <param name="limits">Text of <c>/proc/self/limits</c>.</param>
    public static Finding OpenFiles(string limits)
    {
        var line = limits.Split('\n').FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) ?? "";
        var soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(3);
        var enough = soft == "unlimited" || (long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit >= OpenFilesMin);
        return enough
            ? new("open files", Verdict.Ok, $"at most {soft}")
            : new("open files", Verdict.Warn, $"at most {soft ?? "unknown"}", "ulimit -n 65536");
    }
}
