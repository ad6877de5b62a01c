using System.Diagnostics;
using System.Globalization;

namespace LinuxPrimes;

/// <summary>Counts primes the naive way on purpose: every number is divided by every smaller one from 2 on, until one divides it.</summary>
internal static class Primes
{
    private const int Max = 10_000_000;
    private const int DivisionsBetweenLooks = 512;

    // So long a request works before others have their turn: on one processor, health must be told while a count is going on.
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(1);

    public static async Task AnswerAsync(HttpContext context)
    {
        var values = context.Request.Query["n"];
        if (values is not [{ } text, ..] || text.Length == 0 || !text.All(char.IsAsciiDigit) || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) || n > Max)
        {
            var missing = values.Count == 0;
            await Problem.AnswerAsync(
                context,
                missing ? "n is missing: give a whole number from 0 to 10000000" : "n must be a whole number from 0 to 10000000",
                new WrongParameter("n", missing ? null : values[0], 0, Max));
            return;
        }

        await Json.AnswerAsync(context, new PrimesAnswer(n, await CountAsync(n, context.RequestAborted)), JsonForms.Default.PrimesAnswer);
    }

    private static async Task<int> CountAsync(int n, CancellationToken gone)
    {
        var (primes, divisor, began) = (0, 2, Stopwatch.GetTimestamp());
        for (var candidate = 2; candidate <= n;)
        {
            var limit = Math.Min(candidate, divisor + DivisionsBetweenLooks);
            while (divisor < limit && candidate % divisor != 0)
            {
                divisor++;
            }

            if (divisor == candidate || divisor < limit)
            {
                primes += divisor == candidate ? 1 : 0;
                (candidate, divisor) = (candidate + 1, 2);
            }

            if (Stopwatch.GetElapsedTime(began) >= Slice)
            {
                gone.ThrowIfCancellationRequested();
                await Task.Yield();
                began = Stopwatch.GetTimestamp();
            }
        }

        return primes;
    }
}
