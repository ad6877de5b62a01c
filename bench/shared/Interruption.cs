using System.Runtime.InteropServices;

namespace Pleiad.Bench;

/// <summary>SIGINT, SIGTERM and a closed terminal end a benchmark in order: what it started is ended and what it made is removed. A second one ends it at once.</summary>
internal static class Interruption
{
    private const int Interrupted = 130;

    /// <summary>Runs a benchmark to its end or to the signal.</summary>
    /// <param name="bench">The benchmark; its waits end with the token, and it gives back what it holds on the way out.</param>
    /// <returns>Exit code.</returns>
    public static async Task<int> RunAsync(Func<CancellationToken, Task<int>> bench)
    {
        using var ended = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
        try
        {
            return await bench(ended.Token);
        }
        catch (Exception) when (ended.IsCancellationRequested)
        {
            // Whatever broke, broke because it was ended: the signal went to the whole group, or what was waited for was taken away.
            await Console.Error.WriteLineAsync("interrupted");
            return Interrupted;
        }

        void End(PosixSignalContext context)
        {
            context.Cancel = !ended.IsCancellationRequested;
            ended.Cancel();
        }
    }
}
