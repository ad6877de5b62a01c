namespace Pleiad.Gateway.Tests;

/// <summary>Waits on conditions; a wait that lasts too long says what was seen last.</summary>
internal static class Waiting
{
    /// <summary>Far longer than anything here takes on a busy machine; only a failing test waits this long.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(Func<bool> condition, Func<string> state)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!condition())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Not within {Limit.TotalSeconds} s; last seen: {state()}");
            }

            await Task.Delay(2, CancellationToken.None);
        }
    }

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit);

    public static Task Soon(this Task task) => task.WaitAsync(Limit);
}
