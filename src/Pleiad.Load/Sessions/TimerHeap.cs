namespace Pleiad.Load.Sessions;

/// <summary>What is to happen at a moment.</summary>
/// <param name="Due">Nanoseconds since the start of the run.</param>
/// <param name="User">Whose it is.</param>
/// <param name="Stamp">The user's stamp when it was planned; another one now means that it was given up.</param>
/// <param name="IsDeadline">Whether it is the end of a request's time limit rather than of a think time.</param>
internal readonly record struct Timer(long Due, User User, int Stamp, bool IsDeadline);

/// <summary>The earliest timer first: a heap of four children a node, so that a hundred thousand users are eight levels deep.</summary>
internal sealed class TimerHeap
{
    private Timer[] _items = new Timer[1024];

    public int Count { get; private set; }

    public long NextDue => Count == 0 ? long.MaxValue : _items[0].Due;

    public void Push(in Timer timer)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count * 2);
        }

        var at = Count++;
        while (at > 0 && (at - 1) / 4 is var parent && _items[parent].Due > timer.Due)
        {
            _items[at] = _items[parent];
            at = parent;
        }

        _items[at] = timer;
    }

    public Timer Pop()
    {
        var first = _items[0];
        var last = _items[--Count];
        _items[Count] = default;
        var at = 0;
        while (true)
        {
            var child = (4 * at) + 1;
            if (child >= Count)
            {
                break;
            }

            for (var other = child + 1; other < Math.Min(child - ((child - 1) % 4) + 4, Count); other++)
            {
                child = _items[other].Due < _items[child].Due ? other : child;
            }

            if (_items[child].Due >= last.Due)
            {
                break;
            }

            _items[at] = _items[child];
            at = child;
        }

        if (Count > 0)
        {
            _items[at] = last;
        }

        return first;
    }
}
