namespace Pleiad.Queueing.Simulation;

/// <summary>The servers of a station and the order in which they serve. It is given jobs with their work and schedules the end of their service.</summary>
internal abstract class Processor(Replication run)
{
    protected Replication Run { get; } = run;

    /// <summary>A job comes with work, in seconds of a server.</summary>
    public abstract void Enter(int job, double work);

    /// <summary>A job that was done, and may have been blocked since, leaves its server.</summary>
    public abstract void Release(int job);

    /// <summary>The event of a shared processor.</summary>
    public virtual void SharedEnd(int stamp) => throw new InvalidOperationException("not a shared processor");

    /// <summary>The work that a job whose turn has come still asks for: none when its client has given it up and the server notices.</summary>
    protected double WorkOf(ref Job job)
    {
        if (!job.IsOrphan || !Run.Drops(job.Class))
        {
            return job.Work;
        }

        Run.Spare(in job);
        return 0;
    }
}

/// <summary>A server for everyone.</summary>
internal sealed class DelayProcessor(Replication run) : Processor(run)
{
    public override void Enter(int job, double work) => Run.Events.Schedule(Run.Now + work, EventKind.ServiceEnd, job, Run.Jobs.Items[job].Stamp);

    public override void Release(int job)
    {
    }
}

/// <summary>First come, first served, on any number of servers.</summary>
internal sealed class FcfsProcessor(Replication run, int servers) : Processor(run)
{
    private int _free = servers;
    private JobList _waiting;

    public override void Enter(int job, double work)
    {
        var jobs = Run.Jobs.Items;
        if (_free > 0)
        {
            _free--;
            Run.Events.Schedule(Run.Now + work, EventKind.ServiceEnd, job, jobs[job].Stamp);
        }
        else
        {
            jobs[job].Work = work;
            _waiting.AddLast(jobs, job);
        }
    }

    public override void Release(int job)
    {
        if (_waiting.Count == 0)
        {
            _free++;
            return;
        }

        var jobs = Run.Jobs.Items;
        var next = _waiting.TakeFirst(jobs);
        Run.Events.Schedule(Run.Now + WorkOf(ref jobs[next]), EventKind.ServiceEnd, next, jobs[next].Stamp);
    }
}

/// <summary>The next one is the last that came, or drawn by lot; nobody is interrupted.</summary>
internal sealed class ShuffledProcessor(Replication run, int servers, Distributions.Random.RandomStream? lot) : Processor(run)
{
    private int _free = servers;
    private int[] _waiting = new int[16];
    private int _count;

    public override void Enter(int job, double work)
    {
        var jobs = Run.Jobs.Items;
        if (_free > 0)
        {
            _free--;
            Run.Events.Schedule(Run.Now + work, EventKind.ServiceEnd, job, jobs[job].Stamp);
            return;
        }

        if (_count == _waiting.Length)
        {
            Array.Resize(ref _waiting, 2 * _count);
        }

        jobs[job].Work = work;
        _waiting[_count++] = job;
    }

    public override void Release(int job)
    {
        if (_count == 0)
        {
            _free++;
            return;
        }

        var at = lot is null ? _count - 1 : lot.NextIndex(_count);
        var next = _waiting[at];
        _waiting[at] = _waiting[--_count];
        var jobs = Run.Jobs.Items;
        Run.Events.Schedule(Run.Now + WorkOf(ref jobs[next]), EventKind.ServiceEnd, next, jobs[next].Stamp);
    }
}
