using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Pleiad.Bench.Wire;

/// <summary>One program's run over a capture, measured from outside: CPU time of user and system, and the peak of its memory.</summary>
internal sealed record MeasuredRun(string What, long Packets, double CpuSeconds, long PeakBytes)
{
    public double PacketsPerCpuSecond => Packets / CpuSeconds;

    public static MeasuredRun Of(string what, long packets, string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var peak = 0L;
            var draining = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
            while (!process.WaitForExit(20))
            {
                peak = Math.Max(peak, PeakOf(process.Id));
            }

            draining.Wait();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {error.Result}");
            }

            return new MeasuredRun(what, packets, (process.UserProcessorTime + process.PrivilegedProcessorTime).TotalSeconds, peak);
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} is not here: apt-get install --no-install-recommends {program}", missing);
        }
    }

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
