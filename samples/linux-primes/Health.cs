using System.Buffers.Text;
using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace LinuxPrimes;

/// <summary>What the machine does, in the words of a unikernel's /health: Pleiad shows CPU and memory from it.</summary>
/// <remarks>Asked every second of every machine, and before its first request: it reads two small files of the kernel that stay open, and makes no garbage of them.</remarks>
internal static class Health
{
    private static readonly Lock Gate = new();
    private static readonly TimeSpan SampleTime = TimeSpan.FromSeconds(1);
    private static readonly SafeFileHandle Uptime = File.OpenHandle("/proc/uptime");
    private static readonly SafeFileHandle MemoryInfo = File.OpenHandle("/proc/meminfo");
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

            var all = (now.Up - _before.Up) * Environment.ProcessorCount;
            return all <= 0 ? 0 : Math.Clamp(1 - (now.Idle - _before.Idle) / all, 0, 1);
        }
    }

    private static (long Used, long Total) Memory()
    {
        Span<byte> buffer = stackalloc byte[4096];
        var text = buffer[..RandomAccess.Read(MemoryInfo, buffer, 0)];
        var total = Kilobytes(text, "MemTotal:"u8);
        return ((total - Kilobytes(text, "MemAvailable:"u8)) * 1024, total * 1024);
    }

    private static long Kilobytes(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        var value = text[(text.IndexOf(name) + name.Length)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(value, out long kilobytes, out _) ? kilobytes : 0;
    }

    /// <summary>Seconds since the start, and seconds that all processors together had nothing to do.</summary>
    private readonly record struct Sample(long At, double Up, double Idle)
    {
        public static Sample Take()
        {
            Span<byte> buffer = stackalloc byte[64];
            ReadOnlySpan<byte> text = buffer[..RandomAccess.Read(Uptime, buffer, 0)];
            return Utf8Parser.TryParse(text, out double up, out var length) && Utf8Parser.TryParse(text[(length + 1)..], out double idle, out _)
                ? new Sample(Stopwatch.GetTimestamp(), up, idle)
                : throw new InvalidDataException("/proc/uptime holds no two numbers");
        }
    }
}
