using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Pleiad.Bench.Wire;

/// <summary>One program's run over a capture, measured from outside: CPU time of user and system, and the peak of its memory.</summary>
internal sealed partial record MeasuredRun(string What, long Packets, double CpuSeconds, long PeakBytes)
{
    public double PacketsPerCpuSecond => Packets / CpuSeconds;

    public static MeasuredRun Of(string what, long packets, string program, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            var before = CpuOfChildren();
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            var peak = 0L;
            var draining = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            while (!process.WaitForExit(20))
            {
                peak = Math.Max(peak, PeakOf(process.Id));
                if (cancellation.IsCancellationRequested)
                {
                    process.Kill();
                }
            }

            cancellation.ThrowIfCancellationRequested();

            draining.Wait(CancellationToken.None);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {error.Result}");
            }

            return new MeasuredRun(what, packets, CpuOfChildren() - before, peak);
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} is not here: apt-get install --no-install-recommends {program}", missing);
        }
    }

    // What ended children used, user and system, in seconds: getrusage's first four numbers.
    private static double CpuOfChildren()
    {
        const int Children = -1;
        var usage = new long[18];
        if (GetUsage(Children, usage) != 0)
        {
            throw new InvalidOperationException("getrusage failed");
        }

        return usage[0] + usage[2] + ((usage[1] + usage[3]) / 1e6);
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int GetUsage(int who, Span<long> usage);

    /// <summary>The kernel's own high-water mark, as long as the process is there.</summary>
    private static long PeakOf(int process)
    {
        try
        {
            var line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.AsSpan(6).Trim()[..^3], CultureInfo.InvariantCulture) * 1024;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
