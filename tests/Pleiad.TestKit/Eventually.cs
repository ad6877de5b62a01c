using System.Diagnostics;

namespace Pleiad.TestKit;

/// <summary>The one way tests wait: for a condition, with a time limit that reports what was seen.</summary>
public static class Eventually
{
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(50);

    /// <summary>Looks at a condition until it is true.</summary>
    /// <param name="condition">Looked at first at once, then ever less often, at least every 50 ms.</param>
    /// <param name="timeLimit">Longest wait; generous, for it is only used up by a failing test.</param>
    /// <param name="describeState">What there is instead, for the failure's message.</param>
    /// <exception cref="TimeoutException">It was not true in time; the message has the state.</exception>
    public static Task BecomesTrueAsync(Func<bool> condition, TimeSpan timeLimit, Func<string> describeState) =>
        BecomesTrueAsync(() => Task.FromResult(condition()), timeLimit, () => Task.FromResult(describeState()));

    /// <inheritdoc cref="BecomesTrueAsync(Func{bool}, TimeSpan, Func{string})"/>
    public static async Task BecomesTrueAsync(Func<Task<bool>> condition, TimeSpan timeLimit, Func<Task<string>> describeState)
    {
        var watch = Stopwatch.StartNew();
        var pause = TimeSpan.FromMilliseconds(1);
        while (!await condition())
        {
            if (watch.Elapsed > timeLimit)
            {
                throw new TimeoutException($"not true within {timeLimit.TotalSeconds:0.#} s: {await describeState()}");
            }

            await Task.Delay(pause);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }
}
