using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Simulation;

/// <summary>
/// Processor sharing: a clock of its own runs at the speed that each job has; a job is done when that clock has moved by its work. So an arrival or departure costs the logarithm of
/// the number of jobs, not a look at each.
/// </summary>
internal sealed class SharedProcessor(Replication run, Station station, int place) : Processor(run)
{
    private (double Tag, long Order, int Job)[] _heap = new (double, long, int)[16];
    private int _count;
    private long _order;
    private double _clock;
    private double _at;
    private int _stamp;

    public override void Enter(int job, double work)
    {
        Advance();
        if (_count == _heap.Length)
        {
            Array.Resize(ref _heap, 2 * _count);
        }

        var entry = (Tag: _clock + work, Order: _order++, Job: job);
        var at = _count++;
        while (at > 0 && Before(entry, _heap[(at - 1) / 2]))
        {
            _heap[at] = _heap[(at - 1) / 2];
            at = (at - 1) / 2;
        }

        _heap[at] = entry;
        Plan();
    }

    public override void Release(int job)
    {
        // It left the sharing when its work was done.
    }

    public override void SharedEnd(int stamp)
    {
        if (stamp != _stamp)
        {
            return;
        }

        Advance();
        var (tag, _, job) = _heap[0];
        _clock = Math.Max(_clock, tag);
        var last = _heap[--_count];
        var at = 0;
        while ((2 * at) + 1 < _count)
        {
            var child = (2 * at) + 1;
            if (child + 1 < _count && Before(_heap[child + 1], _heap[child]))
            {
                child++;
            }

            if (!Before(_heap[child], last))
            {
                break;
            }

            _heap[at] = _heap[child];
            at = child;
        }

        _heap[at] = last;
        if (_count == 0)
        {
            _clock = 0;
        }

        Plan();
        Run.WorkDone(job);
    }

    private static bool Before((double Tag, long Order, int Job) a, (double Tag, long Order, int Job) b) => a.Tag < b.Tag || (a.Tag == b.Tag && a.Order < b.Order);

    private double SpeedOfEach() => station.SpeedWith(_count) / _count;

    private void Advance()
    {
        if (_count > 0)
        {
            _clock += (Run.Now - _at) * SpeedOfEach();
        }

        _at = Run.Now;
    }

    private void Plan()
    {
        _stamp++;
        if (_count > 0)
        {
            Run.Events.Schedule(Run.Now + (Math.Max(0, _heap[0].Tag - _clock) / SpeedOfEach()), EventKind.SharedEnd, place, _stamp);
        }
    }
}
