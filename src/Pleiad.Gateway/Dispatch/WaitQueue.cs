using System.Diagnostics.CodeAnalysis;

namespace Pleiad.Gateway.Dispatch;

/// <summary>
/// All that wait for a slot of one service, in order of arrival. Jobs and requests stand in lanes by their longest wait: there are two, and one more
/// for each deadline that was changed while requests wait under it.
/// </summary>
internal sealed class WaitQueue
{
    private readonly WaitLane _jobs = new(null);
    private readonly List<WaitLane> _lanes;
    private long _numbers;

    public WaitQueue() => _lanes = [_jobs];

    public int Count { get; private set; }

    /// <summary>Requests among them.</summary>
    public int Requests { get; private set; }

    public Waiter Add(Dispatcher owner, TimeSpan? longestWait, long now, long frequency)
    {
        var waiter = new Waiter(owner, ++_numbers, now);
        Count++;
        if (longestWait is { } wait)
        {
            Requests++;
            waiter.Deadline = now + (long)(wait.TotalSeconds * frequency);
        }

        LaneOf(longestWait).Add(waiter);
        return waiter;
    }

    /// <returns>False when it was taken out before.</returns>
    public bool TryRemove(Waiter waiter)
    {
        if (waiter.Lane is not { } lane)
        {
            return false;
        }

        lane.Remove(waiter);
        Count--;
        Requests -= lane.LongestWait is null ? 0 : 1;
        return true;
    }

    /// <summary>Takes out the one that came first.</summary>
    public bool TryTakeFirst([NotNullWhen(true)] out Waiter? first)
    {
        first = null;
        foreach (var lane in _lanes)
        {
            if (lane.Head is { } head && (first is null || head.Number < first.Number))
            {
                first = head;
            }
        }

        return first is not null && TryRemove(first);
    }

    /// <summary>Takes out one whose deadline is not after <paramref name="now"/>, the most overdue first.</summary>
    public bool TryTakeLate(long now, [NotNullWhen(true)] out Waiter? late)
    {
        late = MostUrgent();
        return late is not null && late.Deadline <= now && TryRemove(late);
    }

    /// <summary>The earliest deadline, or <see cref="long.MaxValue"/>.</summary>
    public long NextDeadline => MostUrgent()?.Deadline ?? long.MaxValue;

    private Waiter? MostUrgent()
    {
        Waiter? urgent = null;
        foreach (var lane in _lanes)
        {
            if (lane.Head is { } head && head.Deadline < (urgent?.Deadline ?? long.MaxValue))
            {
                urgent = head;
            }
        }

        return urgent;
    }

    private WaitLane LaneOf(TimeSpan? longestWait)
    {
        foreach (var lane in _lanes)
        {
            if (lane.LongestWait == longestWait)
            {
                return lane;
            }
        }

        // A changed deadline: lanes under former ones are kept only while someone waits in them.
        _lanes.RemoveAll(lane => lane.Head is null && lane.LongestWait is not null);
        var added = new WaitLane(longestWait);
        _lanes.Add(added);
        return added;
    }
}
