using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Measures what a machine's process uses of the host: by its control group, where it has one, else by <c>/proc</c>.</summary>
internal sealed class UsageMeter
{
    private const double TicksPerSecond = 100; // sysconf(_SC_CLK_TCK), 100 on every Linux in use
    private static readonly TimeSpan IntervalMin = TimeSpan.FromMilliseconds(100);

    private readonly int _process;
    private readonly MachineGroup? _group;
    private readonly TimeProvider _time;
    private double _cpuSeconds;
    private long _taken;
    private double _share;

    public UsageMeter(QemuProcess process, TimeProvider time)
    {
        (_process, _group, _time) = (process.Identity.Id, process.Cage?.Group, time);
        _cpuSeconds = ReadCpuSeconds() ?? 0;
        _taken = time.GetTimestamp();
    }

    /// <summary>Use since the last reading; the share stays as it was when that is shorter ago than a clock tick can show.</summary>
    public MachineUsage Read()
    {
        if (ReadCpuSeconds() is not { } seconds || (_group?.ReadMemoryBytes() ?? ResidentBytes()) is not { } memory)
        {
            return default;
        }

        var now = _time.GetTimestamp();
        var elapsed = _time.GetElapsedTime(_taken, now);
        if (elapsed >= IntervalMin)
        {
            _share = Math.Max(0, (seconds - _cpuSeconds) / elapsed.TotalSeconds);
            (_cpuSeconds, _taken) = (seconds, now);
        }

        return new MachineUsage(_share, memory);
    }

    private double? ReadCpuSeconds() => _group?.ReadCpuSeconds() ?? ProcessIdentity.ReadUsage(_process)?.CpuTicks / TicksPerSecond;

    private long? ResidentBytes() => ProcessIdentity.ReadUsage(_process)?.ResidentPages * Environment.SystemPageSize;
}
