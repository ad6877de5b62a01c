using System.Diagnostics;
using System.Globalization;

namespace LinuxPrimes;

/// <summary>What the machine does, in the words of a unikernel's /health: Pleiad shows CPU and memory from it.</summary>
internal static class Health
{
    private static readonly Lock Gate = new();
    private static readonly TimeSpan SampleTime = TimeSpan.FromSeconds(1);
    private static Sample _before;
    private static Sample _last;

    public static Task AnswerAsync(HttpContext context, Traffic traffic)
    {
        var (used, total) = Memory();
        context.Response.Headers.CacheControl = "no-store";
        var answer = new HealthAnswer(
            "primes",
            Environment.TickCount64,
            traffic.Finished,
            traffic.Active,
            traffic.Connections,
            (long)Environment.CpuUsage.TotalTime.TotalMilliseconds,
            Math.Round(Busy(), 3),
            used,
            total,
            "primes-linux");
        return Json.AnswerAsync(context, answer, JsonForms.Default.HealthAnswer);
    }

    /// <summary>Share of all processors that was in use in the last seconds, 0 to 1.</summary>
    private static double Busy()
    {
        lock (Gate)
        {
            var now = Sample.Take();
            if (Stopwatch.GetElapsedTime(_last.At, now.At) >= SampleTime)
            {
                (_before, _last) = (_last, now);
            }

            var all = now.All - _before.All;
            return all <= 0 ? 0 : Math.Clamp(1 - (double)(now.Idle - _before.Idle) / all, 0, 1);
        }
    }

    private static (long Used, long Total) Memory()
    {
        var figures = File.ReadLines("/proc/meminfo").Select(line => line.Split((char[])[':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts is ["MemTotal" or "MemAvailable", _, "kB"])
            .ToDictionary(parts => parts[0], parts => long.Parse(parts[1], CultureInfo.InvariantCulture) * 1024);
        return (figures["MemTotal"] - figures["MemAvailable"], figures["MemTotal"]);
    }

    /// <summary>Time of all processors since the start, in the kernel's ticks.</summary>
    private readonly record struct Sample(long At, long All, long Idle)
    {
        public static Sample Take()
        {
            // cpu  user nice system idle iowait irq softirq steal guest guest_nice
            var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
                .Select(tick => long.Parse(tick, CultureInfo.InvariantCulture)).ToArray();
            return new Sample(Stopwatch.GetTimestamp(), ticks.Sum(), ticks[3] + ticks[4]);
        }
    }
}
