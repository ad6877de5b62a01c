using System.Globalization;
using System.Text.Json;

namespace Pleiad.Cli.Demo;

/// <summary>One task: count the primes up to N.</summary>
/// <param name="Name">test1, test2, …</param>
/// <param name="N">Up to where.</param>
/// <param name="Expected">How many primes there are.</param>
internal sealed record DemoTask(string Name, int N, int Expected)
{
    public string Path => string.Create(CultureInfo.InvariantCulture, $"/primes?n={N}");
}

/// <summary>Chooses tasks, and reads the service's answers.</summary>
internal static class DemoTasks
{
    /// <summary>All tasks together take about this long on one machine that has a CPU to itself.</summary>
    public static readonly TimeSpan TotalWork = TimeSpan.FromSeconds(14);

    /// <summary>A task shorter than this shows nothing.</summary>
    public static readonly TimeSpan TaskMin = TimeSpan.FromSeconds(0.2);

    /// <summary>Tasks of different sizes, 10 % around the mean, whose work fits what was measured.</summary>
    /// <param name="count">How many, from 1.</param>
    /// <param name="divisionsPerMs">What a machine does.</param>
    /// <param name="table">Answers and work by N.</param>
    public static IReadOnlyList<DemoTask> Calibrated(int count, double divisionsPerMs, PrimeTable table)
    {
        var mean = Math.Max(TotalWork.TotalMilliseconds / count, TaskMin.TotalMilliseconds) * divisionsPerMs;
        return Make(count, table, at => table.For(mean * (0.9 + (0.2 * at / Math.Max(1, count - 1)))));
    }

    /// <summary>Tasks from a given N upwards, each 5 % of it more than the one before.</summary>
    public static IReadOnlyList<DemoTask> From(int count, int first, PrimeTable table) =>
        Make(count, table, at => (int)Math.Min(table.Max, first + ((long)at * first / 20)));

    /// <summary>The number of primes in an answer such as <c>{"n":1000,"primes":168}</c>, or null when it says none.</summary>
    public static long? ResultOf(string? answer)
    {
        if (answer is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(answer);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("primes", out var primes) && primes.TryGetInt64(out var count) ? count : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // no answer of the service: shown as a wrong result
        }
    }

    private static IReadOnlyList<DemoTask> Make(int count, PrimeTable table, Func<int, int> n) =>
        [.. Enumerable.Range(0, count).Select(at => new DemoTask(string.Create(CultureInfo.InvariantCulture, $"test{at + 1}"), n(at), table.Count(n(at))))];
}
