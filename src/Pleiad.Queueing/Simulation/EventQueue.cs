namespace Pleiad.Queueing.Simulation;

/// <summary>What happens, and to whom.</summary>
internal enum EventKind
{
    /// <summary>A request of an open class arrives; the index is the class.</summary>
    Arrival,

    /// <summary>A server has finished with a job; the index is the job.</summary>
    ServiceEnd,

    /// <summary>A shared processor has finished with its next job; the index is the station.</summary>
    SharedEnd,

    /// <summary>A customer has thought, or paused before another attempt; the index is the job.</summary>
    PauseEnd,

    /// <summary>A client gives an attempt up; the index is the job.</summary>
    Timeout,
}

/// <summary>One event. Equal times happen in the order in which they were scheduled, so that a run can be repeated exactly.</summary>
internal struct SimulationEvent
{
    public double Time;
    public long Order;
    public int Index;

    /// <summary>Tells an event that was overtaken by another from one that still holds.</summary>
    public int Stamp;
    public EventKind Kind;
}

/// <summary>
/// The events to come: a heap with four children to a node. The place of the event being handled stays vacant until the next is scheduled, which then sinks from the top: most events
/// schedule exactly one.
/// </summary>
internal sealed class EventQueue
{
    private SimulationEvent[] _heap = new SimulationEvent[64];
    private int _count;
    private bool _isTopVacant;
    private long _order;

    /// <summary>Whether nothing is to come.</summary>
    public bool IsEmpty => _count == (_isTopVacant ? 1 : 0);

    /// <summary>Events that were taken.</summary>
    public long Taken { get; private set; }

    public void Schedule(double time, EventKind kind, int index, int stamp)
    {
        if (_isTopVacant)
        {
            _isTopVacant = false;
            SinkFromTop(time, _order++, kind, index, stamp);
            return;
        }

        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _count);
        }

        // A new event has the highest order number: only an earlier time moves it up.
        var heap = _heap;
        var at = _count++;
        while (at > 0)
        {
            var parent = (at - 1) >> 2;
            if (heap[parent].Time <= time)
            {
                break;
            }

            heap[at] = heap[parent];
            at = parent;
        }

        Put(ref heap[at], time, _order++, kind, index, stamp);
    }

    /// <summary>Takes the next event unless it is after <paramref name="end"/>.</summary>
    public bool TryTake(double end, out SimulationEvent next)
    {
        if (_isTopVacant)
        {
            _isTopVacant = false;
            if (--_count > 0)
            {
                ref var last = ref _heap[_count];
                SinkFromTop(last.Time, last.Order, last.Kind, last.Index, last.Stamp);
            }
        }

        next = _heap[0];
        if (_count == 0 || next.Time > end)
        {
            return false;
        }

        _isTopVacant = true;
        Taken++;
        return true;
    }

    private static void Put(ref SimulationEvent place, double time, long order, EventKind kind, int index, int stamp)
    {
        place.Time = time;
        place.Order = order;
        place.Kind = kind;
        place.Index = index;
        place.Stamp = stamp;
    }

    private void SinkFromTop(double time, long order, EventKind kind, int index, int stamp)
    {
        var heap = _heap;
        var count = _count;
        var at = 0;
        while (true)
        {
            var child = (at << 2) + 1;
            if (child >= count)
            {
                break;
            }

            var end = Math.Min(child + 4, count);
            var least = child;
            for (var other = child + 1; other < end; other++)
            {
                if (heap[other].Time < heap[least].Time || (heap[other].Time == heap[least].Time && heap[other].Order < heap[least].Order))
                {
                    least = other;
                }
            }

            ref var candidate = ref heap[least];
            if (time < candidate.Time || (time == candidate.Time && order < candidate.Order))
            {
                break;
            }

            heap[at] = candidate;
            at = least;
        }

        Put(ref heap[at], time, order, kind, index, stamp);
    }
}
