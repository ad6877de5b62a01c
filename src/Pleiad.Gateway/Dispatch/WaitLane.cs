namespace Pleiad.Gateway.Dispatch;

/// <summary>
/// Waiters with the same longest wait, in order of arrival, which is then also the order of their deadlines: the head is the next to be served
/// and the next to be late, and any waiter leaves in O(1).
/// </summary>
internal sealed class WaitLane(TimeSpan? longestWait)
{
    private Waiter? _tail;

    /// <summary>Longest wait of those in it; null in the lane of jobs.</summary>
    public TimeSpan? LongestWait { get; } = longestWait;

    public Waiter? Head { get; private set; }

    public void Add(Waiter waiter)
    {
        waiter.Lane = this;
        waiter.Previous = _tail;
        if (_tail is null)
        {
            Head = waiter;
        }
        else
        {
            _tail.Next = waiter;
        }

        _tail = waiter;
    }

    public void Remove(Waiter waiter)
    {
        if (waiter.Previous is null)
        {
            Head = waiter.Next;
        }
        else
        {
            waiter.Previous.Next = waiter.Next;
        }

        if (waiter.Next is null)
        {
            _tail = waiter.Previous;
        }
        else
        {
            waiter.Next.Previous = waiter.Previous;
        }

        waiter.Lane = null;
        waiter.Previous = null;
        waiter.Next = null;
    }
}
