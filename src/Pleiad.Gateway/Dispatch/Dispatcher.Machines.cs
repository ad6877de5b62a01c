using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Dispatch;

/// <content>The machines: how they come, rest and go.</content>
public sealed partial class Dispatcher
{
    /// <inheritdoc/>
    public DispatcherView Observe()
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            var machines = new MachineSlots[_machines.Count];
            var index = 0;
            foreach (var machine in _machines.Values)
            {
                machines[index++] = new MachineSlots(
                    machine.Id, machine.Slots, machine.InUse, machine.Drained is not null, now - _time.GetElapsedTime(machine.LastReleased));
            }

            return new DispatcherView(_inFlight, _queue.Count, machines, _granted, _queueFull, _deadlinePassed);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The machine is here already, or has no slot.</exception>
    public void AddMachine(MachineId machine, MachineAddress address, int slots)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        Waiter? chain;
        lock (_gate)
        {
            var entry = new MachineEntry(this, machine, address, slots, ++_ages, _time.GetTimestamp());
            if (!_machines.TryAdd(machine, entry))
            {
                throw new ArgumentException($"Machine {machine} is already one of service {Service}.", nameof(machine));
            }

            _ready.Settle(entry);
            chain = ServeQueue();
        }

        Complete(chain);
        _changed?.Invoke();
    }

    /// <inheritdoc/>
    public void Resize(MachineId machine, int slots)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        Waiter? chain;
        lock (_gate)
        {
            if (!_machines.TryGetValue(machine, out var entry))
            {
                return;
            }

            entry.Slots = slots;
            _ready.Settle(entry);
            chain = ServeQueue();
        }

        Complete(chain);
        _changed?.Invoke();
    }

    /// <inheritdoc/>
    public Task DrainAsync(MachineId machine)
    {
        lock (_gate)
        {
            return _machines.TryGetValue(machine, out var entry) ? Drain(entry) : Task.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public bool TryDrainIdle(MachineId machine)
    {
        lock (_gate)
        {
            if (!_machines.TryGetValue(machine, out var entry) || entry.InUse > 0)
            {
                return false;
            }

            Drain(entry);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Suspend(MachineId machine, TimeSpan pause)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(pause, TimeSpan.Zero);
        lock (_gate)
        {
            if (_closed || !_machines.TryGetValue(machine, out var entry))
            {
                return;
            }

            if (entry.SuspendedUntil is null)
            {
                _suspended.Add(entry);
            }

            var until = _time.GetTimestamp() + (long)(pause.TotalSeconds * _time.TimestampFrequency);
            entry.SuspendedUntil = until;
            _ready.Settle(entry);
            WakeBy(until);
        }

        _changed?.Invoke();
    }

    /// <inheritdoc/>
    public void RemoveMachine(MachineId machine)
    {
        lock (_gate)
        {
            if (!_machines.Remove(machine, out var entry))
            {
                return;
            }

            entry.Removed = true;
            _inFlight -= entry.InUse;
            _suspended.Remove(entry);
            _ready.Settle(entry);
            entry.Drained?.TrySetResult();
        }

        _changed?.Invoke();
    }

    private Task Drain(MachineEntry machine)
    {
        if (machine.Drained is null)
        {
            machine.Drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ready.Settle(machine);
            if (machine.InUse == 0)
            {
                machine.Drained.SetResult();
            }
        }

        return machine.Drained.Task;
    }

    /// <returns>True when at least one machine takes work again.</returns>
    private bool ResumeMachines(long now)
    {
        for (var index = _suspended.Count - 1; index >= 0; index--)
        {
            var machine = _suspended[index];
            if (machine.SuspendedUntil <= now)
            {
                machine.SuspendedUntil = null;
                _suspended.RemoveAt(index);
                _ready.Settle(machine);
            }
        }

        return _ready.Count > 0;
    }

    private long NextResumption()
    {
        var next = long.MaxValue;
        foreach (var machine in _suspended)
        {
            next = Math.Min(next, machine.SuspendedUntil ?? long.MaxValue);
        }

        return next;
    }
}
