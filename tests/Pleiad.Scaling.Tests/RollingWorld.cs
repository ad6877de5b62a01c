using Pleiad.Core.Identity;
using Pleiad.Core.Services;

namespace Pleiad.Scaling.Tests;

/// <summary>A service whose machines are changed, one second a step: does what <see cref="RollingPlanner"/> says and lets starts, ends and failures come as a seed says.</summary>
internal sealed class RollingWorld(EffectiveService service, int addresses, Random random)
{
    private readonly List<Machine> _machines = [];
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private int _failed;
    private int _others;
    private DateTimeOffset? _lastFailed;
    private bool _diedEarly;

    internal bool NewFails { get; set; }

    /// <summary>Steps that machines of the new kind work before they end by themselves; null for those that do not.</summary>
    internal int? NewLives { get; init; }

    internal int Held { get; set; }

    internal int Work { get; set; }

    /// <summary>Whether the host has no memory for more machines than the work needs.</summary>
    internal bool MemoryIsShort { get; init; }

    internal bool FormerKept { get; init; } = true;

    internal ChangeStep Step { get; private set; } = ChangeStep.UnderWay;

    internal int Steps { get; private set; }

    internal int New => _machines.Count(machine => machine is { IsNew: true, State: State.Ready });

    internal int Former => _machines.Count(machine => machine is { IsNew: false, State: State.Ready });

    internal int Ready => New + Former;

    internal int Live => _machines.Count;

    /// <summary>Those that take work or will.</summary>
    internal int Counted => _machines.Count(machine => machine.State != State.Draining);

    internal int FormerLeft => _machines.Count(machine => !machine.IsNew && machine.State != State.Draining);

    internal ScalePlan Last { get; private set; } = null!;

    /// <summary>Starts of the new kind that failed so far.</summary>
    internal int FailuresSeen { get; private set; }

    internal void Add(bool isNew, int count)
    {
        for (var one = 0; one < count; one++)
        {
            _machines.Add(new Machine { IsNew = isNew, State = State.Ready });
        }
    }

    /// <summary>Other services take so many addresses, if they are free, and give back what they had.</summary>
    internal void TakeOthers(int count) => _others = Math.Clamp(count, 0, Math.Max(0, addresses - _machines.Count));

    /// <summary>A machine that takes work ends by itself.</summary>
    internal void Die()
    {
        if (_machines.Find(machine => machine.State == State.Ready) is { } machine)
        {
            _machines.Remove(machine);
        }
    }

    internal void Advance()
    {
        Steps++;
        _now += TimeSpan.FromSeconds(1);
        foreach (var machine in _machines.Where(machine => machine.State != State.Ready && --machine.Left <= 0).ToList())
        {
            End(machine);
        }

        foreach (var machine in _machines.Where(machine => machine is { IsNew: true, State: State.Ready } && _now - machine.Since >= TimeSpan.FromSeconds(NewLives ?? int.MaxValue)).ToList())
        {
            _machines.Remove(machine);
            if (_diedEarly)
            {
                Fail(machine);
            }

            _diedEarly = true;
        }

        Last = Plan();
        if (Last.Change == ChangeStep.Stopped)
        {
            _machines.RemoveAll(machine => machine is { IsNew: true, State: State.Starting });
        }

        Step = Last.Change;
        Held = Last.Held;
        foreach (var id in Last.Replace.Concat(Last.Stop))
        {
            var machine = _machines.Single(one => one.Id == id);
            (machine.State, machine.Left) = (State.Draining, random.Next(1, 5));
        }

        Start(isNew: true, Last.Start);
        Start(isNew: false, Last.StartFormer);
    }

    private void Start(bool isNew, int count)
    {
        for (var one = 0; one < count && _machines.Count + _others < addresses; one++)
        {
            _machines.Add(new Machine { IsNew = isNew, State = State.Starting, Left = random.Next(1, 6), Ordered = _now });
        }
    }

    private void End(Machine machine)
    {
        if (machine.State == State.Starting && (!machine.IsNew || !NewFails))
        {
            (machine.State, machine.Since) = (State.Ready, _now);
            _failed = machine.IsNew && !_diedEarly ? 0 : _failed;
            return;
        }

        _machines.Remove(machine);
        if (machine.State == State.Starting)
        {
            Fail(machine);
        }
    }

    /// <summary>Those under way together are one failure, as the fleet counts them.</summary>
    private void Fail(Machine machine)
    {
        if (_lastFailed is null || machine.Ordered >= _lastFailed)
        {
            FailuresSeen++;
            (_failed, _lastFailed) = (_failed + 1, _now);
        }
    }

    private ScalePlan Plan()
    {
        var inFlight = Math.Min(Work, Ready * service.Slots);
        var seen = new FleetObservation(
            Ready, _machines.Count(machine => machine.State == State.Starting), inFlight, Work - inFlight,
            [.. _machines.Where(machine => machine.State == State.Ready && Work == 0).Select(machine => new IdleMachine(machine.Id, TimeSpan.FromSeconds(30)))], _now, _failed, _lastFailed);
        var change = new ChangeObservation(
            [.. _machines.Where(machine => machine is { IsNew: false, State: State.Ready }).Select(machine => new FormerMachine(machine.Id, 0, TimeSpan.Zero))],
            _machines.Count(machine => machine is { IsNew: false, State: State.Starting }),
            _machines.Count(machine => machine.State == State.Draining),
            Held,
            addresses - _machines.Count - _others)
        {
            MemoryRoom = MemoryIsShort ? 0 : int.MaxValue,
            Failures = _failed,
            CanStartFormer = FormerKept,
            Stopped = Step == ChangeStep.Stopped,
            TrialLeft = FormerKept ? RollingPlanner.TrialTime - _machines.Where(machine => machine is { IsNew: true, State: State.Ready }).Select(machine => _now - machine.Since).DefaultIfEmpty().Max() : TimeSpan.Zero,
        };
        return RollingPlanner.Plan(seen, change, service);
    }

    public override string ToString() =>
        $"step {Steps}: {New} new, {Former} former of {Live} ({string.Join(' ', _machines.Select(machine => $"{(machine.IsNew ? "new" : "former")}-{machine.State}"))}), work {Work}; {Last.Reason}";

    private enum State
    {
        Starting,
        Ready,
        Draining,
    }

    private sealed class Machine
    {
        internal MachineId Id { get; } = MachineId.New();

        internal bool IsNew { get; init; }

        internal DateTimeOffset Ordered { get; init; }

        internal State State { get; set; }

        /// <summary>Since when it takes work.</summary>
        internal DateTimeOffset Since { get; set; }

        /// <summary>Steps until it is ready, or gone.</summary>
        internal int Left { get; set; }
    }
}
