using System.Diagnostics;
using System.Globalization;

namespace Pleiad.Bench.Density;

/// <summary>What a process has in memory, in bytes, as /proc/PID/smaps tells.</summary>
/// <param name="Proportional">PSS: its own pages, and its share of those it has together with others.</param>
/// <param name="Private">Pages that nobody else has: what one more of it costs.</param>
/// <param name="PrivateGuest">Of these, the guest's RAM.</param>
internal readonly record struct ProcessCost(long Proportional, long Private, long PrivateGuest)
{
    internal static ProcessCost Of(int process)
    {
        long proportional = 0, own = 0, guest = 0;
        var isGuest = false;
        foreach (var line in File.ReadLines($"/proc/{process}/smaps"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line.AsSpan(0, colon).Contains('-'))
            {
                isGuest = line.Contains("pleiad-template-memory", StringComparison.Ordinal);
                continue;
            }

            switch (line[..colon])
            {
                case "Pss":
                    proportional += Bytes(line);
                    break;
                case "Private_Clean" or "Private_Dirty":
                    own += Bytes(line);
                    guest += isGuest ? Bytes(line) : 0;
                    break;
                default:
                    break;
            }
        }

        return new ProcessCost(proportional, own, guest);
    }

    internal static TimeSpan ProcessorTime(IEnumerable<int> processes) => processes.Aggregate(TimeSpan.Zero, (sum, id) =>
    {
        using var process = Process.GetProcessById(id);
        return sum + process.TotalProcessorTime;
    });

    private static long Bytes(string line) => long.Parse(line.AsSpan(line.IndexOf(':', StringComparison.Ordinal) + 1).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) << 10;
}
