using System.Collections.Concurrent;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;

namespace Pleiad.Server.Fleet;

/// <summary>A machine of a service from the decision to start it until its address is free again.</summary>
/// <remarks>
/// The decision to end it and its steps towards work exclude each other: whoever decides its end either finds what the step made, or the step does not happen.
/// </remarks>
internal sealed class FleetMachine(MachineId id, string digest, int slots, string reason, DateTimeOffset ordered)
{
    private readonly Lock _gate = new();
    private volatile int _slots = slots;
    private volatile IMachine? _machine;
    private volatile string? _stopReason;
    private volatile bool _inService;
    private DateTimeOffset _entered;
    private volatile bool _hasFailed;

    internal MachineId Id { get; } = id;

    /// <summary>Digest of the image it boots from.</summary>
    internal string Digest { get; } = digest;

    /// <summary>Its slots; they are the gateway's, and change while it runs.</summary>
    internal int Slots => _slots;

    internal string Reason { get; } = reason;

    internal DateTimeOffset Ordered { get; } = ordered;

    /// <summary>The host's machine, once it was ordered there.</summary>
    internal IMachine? Machine => _machine;

    /// <summary>Whether the dispatcher has it, or had it.</summary>
    internal bool InService => _inService;

    /// <summary>How long it has taken work and answered, to its last answer; nothing before it takes work.</summary>
    internal TimeSpan? Worked(DateTimeOffset now) => _inService ? (_machine?.Snapshot.LastContact ?? now) - _entered : null;

    /// <summary>What ends it; part of its life.</summary>
    internal ConcurrentBag<Task> Stopping { get; } = [];

    /// <summary>Why it is being ended, when that was decided; the first reason stays.</summary>
    internal string? StopReason => _stopReason;

    /// <summary>Whether it is on the way. One whose start has failed still is until that was counted: a plan in between would start another without the pause after a failure.</summary>
    internal bool IsStarting => !_inService && _stopReason is null && !_hasFailed;

    /// <summary>Its start has failed, and that was counted.</summary>
    internal void HasFailed() => _hasFailed = true;

    /// <summary>Orders it from the host, unless its end was decided.</summary>
    internal bool TryOrder(Func<IMachine> order)
    {
        lock (_gate)
        {
            if (_stopReason is not null)
            {
                return false;
            }

            _machine = order();
            return true;
        }
    }

    /// <summary>Changes its slots, in the dispatcher too when it is there. How many there are to be is asked in here, so that of two that ask the last one has the newest answer.</summary>
    internal void Resize(Func<int> wanted, Action<int> resize)
    {
        lock (_gate)
        {
            var number = wanted();
            if (_slots != number)
            {
                _slots = number;
                if (_inService)
                {
                    resize(number);
                }
            }
        }
    }

    /// <summary>Gives it to the dispatcher, unless its end was decided.</summary>
    internal bool TryEnterService(Action enter, DateTimeOffset now)
    {
        lock (_gate)
        {
            if (_stopReason is not null)
            {
                return false;
            }

            // In this order a look at the fleet may see it in both places, never in none.
            enter();
            _entered = now;
            _inService = true;
            return true;
        }
    }

    /// <summary>Decides its end, once.</summary>
    /// <returns>False when it was decided before.</returns>
    internal bool TryDecideStop(string why)
    {
        lock (_gate)
        {
            var first = _stopReason is null;
            _stopReason ??= why;
            return first;
        }
    }
}
