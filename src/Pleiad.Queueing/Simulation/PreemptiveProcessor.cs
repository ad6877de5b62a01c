namespace Pleiad.Queueing.Simulation;

/// <summary>
/// Servers for ranked jobs: each job has a rank (0 is served first); within a rank the first or the last comer. With interruption a newcomer takes the server of the weakest job in
/// service, which goes on later where it was.
/// </summary>
internal sealed class PreemptiveProcessor : Processor
{
    private readonly int[] _rankOfClass;
    private readonly bool _interrupts;
    private readonly bool _lastFirst;
    private readonly JobList[] _waiting;
    private readonly int[] _serving;
    private int _busy;

    /// <param name="run">Where it runs.</param>
    /// <param name="servers">Number of servers.</param>
    /// <param name="rankOfClass">Rank of each class.</param>
    /// <param name="interrupts">Whether a newcomer interrupts a weaker job.</param>
    /// <param name="lastFirst">Whether the last comer of a rank goes first, and beats those of its own rank.</param>
    public PreemptiveProcessor(Replication run, int servers, int[] rankOfClass, bool interrupts, bool lastFirst)
        : base(run)
    {
        (_rankOfClass, _interrupts, _lastFirst) = (rankOfClass, interrupts, lastFirst);
        _waiting = new JobList[rankOfClass.Max() + 1];

        // In the order of beginning; the job to interrupt is sought from its start.
        _serving = new int[Math.Min(servers, 1 << 20)];
    }

    public override void Enter(int job, double work)
    {
        var jobs = Run.Jobs.Items;
        jobs[job].Work = work;
        var rank = _rankOfClass[jobs[job].Class];
        if (_busy < _serving.Length)
        {
            Begin(jobs, job);
            return;
        }

        if (_interrupts && Weakest(jobs) is var at && _rankOfClass[jobs[_serving[at]].Class] is var weakest && (weakest > rank || (weakest == rank && _lastFirst)))
        {
            var interrupted = _serving[at];
            RemoveAt(at);
            jobs[interrupted].Stamp++;
            jobs[interrupted].Work = Math.Max(0, jobs[interrupted].Work - Run.Now);
            _waiting[weakest].AddFirst(jobs, interrupted);
            Begin(jobs, job);
            return;
        }

        if (_lastFirst)
        {
            _waiting[rank].AddFirst(jobs, job);
        }
        else
        {
            _waiting[rank].AddLast(jobs, job);
        }
    }

    public override void Release(int job)
    {
        for (var at = 0; at < _busy; at++)
        {
            if (_serving[at] == job)
            {
                RemoveAt(at);
                break;
            }
        }

        for (var rank = 0; rank < _waiting.Length; rank++)
        {
            if (_waiting[rank].Count > 0)
            {
                var jobs = Run.Jobs.Items;
                Begin(jobs, _waiting[rank].TakeFirst(jobs));
                return;
            }
        }
    }

    private void Begin(Job[] jobs, int job)
    {
        _serving[_busy++] = job;
        var end = Run.Now + WorkOf(ref jobs[job]);

        // While it is served, what is left is known from the moment of its end.
        jobs[job].Work = end;
        Run.Events.Schedule(end, EventKind.ServiceEnd, job, jobs[job].Stamp);
    }

    /// <summary>The lowest rank; among equals the one that began first for the last comer, else the one that began last.</summary>
    private int Weakest(Job[] jobs)
    {
        var found = 0;
        for (var at = 1; at < _busy; at++)
        {
            var (rank, best) = (_rankOfClass[jobs[_serving[at]].Class], _rankOfClass[jobs[_serving[found]].Class]);
            if (rank > best || (rank == best && !_lastFirst))
            {
                found = at;
            }
        }

        return found;
    }

    private void RemoveAt(int at)
    {
        Array.Copy(_serving, at + 1, _serving, at, _busy - at - 1);
        _busy--;
    }
}
