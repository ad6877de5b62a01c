using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Measures what a machine's process uses of the host.</summary>
internal sealed class UsageMeter(ProcessIdentity process, TimeProvider time)
{
    private const double TicksPerSecond = 100; // sysconf(_SC_CLK_TCK), 100 on every Linux in use
    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(100);

    private long _cpuTicks = ProcessIdentity.ReadUsage(process.Id)?.CpuTicks ?? 0;
    private long _taken = time.GetTimestamp();
    private double _share;

    /// <summary>Use since the last reading; the share stays as it was when that is shorter ago than a clock tick can show.</summary>
    public MachineUsage Read()
    {
        if (ProcessIdentity.ReadUsage(process.Id) is not { } usage)
        {
            return default;
        }

        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_taken, now);
        if (elapsed >= IntervalMin)
        {
            _share = Math.Max(0, (usage.CpuTicks - _cpuTicks) / TicksPerSecond / elapsed.TotalSeconds);
            (_cpuTicks, _taken) = (usage.CpuTicks, now);
        }

        return new MachineUsage(_share, usage.ResidentPages * Environment.SystemPageSize);
    }
}
