using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;

namespace Pleiad.Gateway.Tests.Dispatch;

/// <summary>The dispatcher's rules in their plainest form: lists and scans, no locks, no tricks. What the simulation holds the real one to.</summary>
internal sealed class DispatcherModel
{
    public List<Machine> Machines { get; } = [];

    public List<Ask> Queue { get; } = [];

    public int QueueLimit { get; set; }

    public TimeSpan QueueDeadline { get; set; }

    public TimeSpan Now { get; set; }

    public bool Closed { get; private set; }

    public long Granted { get; private set; }

    public long QueueFull { get; private set; }

    public long DeadlinePassed { get; private set; }

    public Ask Acquire(WorkKind kind, MachineId? avoid)
    {
        var ask = new Ask(kind, kind == WorkKind.Request ? Now + QueueDeadline : null);
        if (Closed)
        {
            ask.Outcome = DispatchOutcome.Closed;
        }
        else if (!TryServe(ask, avoid))
        {
            if (kind == WorkKind.Request && Queue.Count(waiting => waiting.Kind == WorkKind.Request) >= QueueLimit)
            {
                ask.Outcome = DispatchOutcome.QueueFull;
                QueueFull++;
            }
            else
            {
                Queue.Add(ask);
            }
        }

        return ask;
    }

    public void Cancel(Ask ask) => ask.Cancelled = Queue.Remove(ask);

    public void Release(Ask ask)
    {
        if (Machines.Contains(ask.Machine!))
        {
            ask.Machine!.InUse--;
        }

        Serve();
    }

    public void Add(MachineId id, int slots)
    {
        Machines.Add(new Machine(id, slots));
        Serve();
    }

    public void Resize(Machine machine, int slots)
    {
        machine.Slots = slots;
        Serve();
    }

    public void Close()
    {
        Closed = true;
        foreach (var ask in Queue)
        {
            ask.Outcome = DispatchOutcome.Closed;
        }

        Queue.Clear();
    }

    /// <summary>Moves on step by step, as deadlines and resumptions fall due.</summary>
    public void Advance(TimeSpan time)
    {
        var end = Now + time;
        while (!Closed)
        {
            var next = Queue.Select(ask => ask.Deadline).Concat(Machines.Select(machine => machine.SuspendedUntil)).Min();
            if (next is null || next > end)
            {
                break;
            }

            Now = next.Value;
            foreach (var late in Queue.Where(ask => ask.Deadline <= Now).ToList())
            {
                late.Outcome = DispatchOutcome.DeadlinePassed;
                DeadlinePassed++;
                Queue.Remove(late);
            }

            foreach (var machine in Machines.Where(machine => machine.SuspendedUntil <= Now))
            {
                machine.SuspendedUntil = null;
            }

            Serve();
        }

        Now = end;
    }

    private void Serve()
    {
        while (!Closed && Queue.Count > 0 && TryServe(Queue[0]))
        {
            Queue.RemoveAt(0);
        }
    }

    private bool TryServe(Ask ask, MachineId? avoid = null)
    {
        // Enumerable.MinBy keeps the first of equals, and machines stand in order of age.
        var able = Machines.Where(machine => machine.TakesWork).ToList();
        var machine = able.Where(machine => machine.Id != avoid).MinBy(machine => machine.InUse) ?? able.FirstOrDefault();
        if (machine is null)
        {
            return false;
        }

        machine.InUse++;
        Granted++;
        ask.Machine = machine;
        ask.Outcome = DispatchOutcome.Granted;
        return true;
    }

    public sealed class Machine(MachineId id, int slots)
    {
        public MachineId Id { get; } = id;

        public int Slots
        {
            get;
            set
            {
                field = value;
                SlotsMost = Math.Max(SlotsMost, value);
            }
        } = slots;

        /// <summary>The most it ever had.</summary>
        public int SlotsMost { get; private set; } = slots;

        public int InUse { get; set; }

        public bool Draining { get; set; }

        public TimeSpan? SuspendedUntil { get; set; }

        public bool TakesWork => !Draining && SuspendedUntil is null && InUse < Slots;
    }

    public sealed class Ask(WorkKind kind, TimeSpan? deadline)
    {
        public WorkKind Kind { get; } = kind;

        public TimeSpan? Deadline { get; } = deadline;

        public DispatchOutcome? Outcome { get; set; }

        public Machine? Machine { get; set; }

        public bool Cancelled { get; set; }
    }
}
