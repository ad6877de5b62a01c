using System.Globalization;
using System.Text;

namespace Pleiad.Machines.Qemu;

/// <summary>One process for certain: ids are used again, an id with its start time is not.</summary>
/// <param name="Id">Process id.</param>
/// <param name="StartTicks">Start time in clock ticks since boot: field 22 of <c>/proc/PID/stat</c>.</param>
internal readonly record struct ProcessIdentity(int Id, long StartTicks)
{
    /// <summary>The identity of a process that runs now, or null when there is none (a zombie is none).</summary>
    public static ProcessIdentity? Read(int id) =>
        ReadStat(id) is { } stat && stat[0] is not ("Z" or "X") ? new ProcessIdentity(id, long.Parse(stat[19], CultureInfo.InvariantCulture)) : null;

    /// <summary>The arguments a process was started with; empty when it is gone or a kernel thread.</summary>
    public static string[] ReadArguments(int id)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // It ended while we looked, or belongs to another user: not ours either way.
        }
    }

    /// <summary>CPU time used so far, in clock ticks of 10 ms, and resident pages; null when it is gone.</summary>
    public static (long CpuTicks, long ResidentPages)? ReadUsage(int id) =>
        ReadStat(id) is { } stat
            ? (long.Parse(stat[11], CultureInfo.InvariantCulture) + long.Parse(stat[12], CultureInfo.InvariantCulture), long.Parse(stat[21], CultureInfo.InvariantCulture))
            : null;

    /// <summary>Fields from the third (state) on; the second, the name in brackets, may itself hold blanks and brackets.</summary>
    private static string[]? ReadStat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Length >= 22 ? fields : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
