using Pleiad.Core.Events;
using Pleiad.Core.Services;
using Pleiad.Gateway.Dispatch;
using Pleiad.Scaling;

namespace Pleiad.Server.Fleet;

/// <summary>A change of the service's machines for others of another image: what of it outlives one plan. <see cref="RollingPlanner"/> decides each step.</summary>
internal sealed partial class ServiceFleet
{
    /// <summary>A machine that had work within this time is one that the work needs, although it has none at the moment.</summary>
    private static readonly TimeSpan LatelyAtWork = TimeSpan.FromSeconds(10);

    /// <summary>The change that is under way or has stopped; null when there is none.</summary>
    internal ChangeView? ChangeSeen => View(_target);

    /// <summary>Whether a machine that an earlier run started is one of this service's still.</summary>
    internal bool Wants(string digest) => _target is var target && (target.Change is not null || target.Image.Digest == digest);

    /// <summary>
    /// The image to go back to when this one is applied and does not work: the one that all machines had last. Null when no machine that takes work is needed, for then
    /// there is nothing to change, and those of another image just end.
    /// </summary>
    internal FleetImage? FormerOf(FleetImage next, EffectiveService service)
    {
        var target = _target;
        if (target.Change?.Former is { } former && former.Digest != next.Digest)
        {
            return former;
        }

        var isOld = target.Image.Digest is not null && target.Image.Digest != next.Digest;
        return isOld && NeededNow(service) > 0 && Working().Any(machine => DigestOf(machine) == target.Image.Digest) ? target.Image : null;
    }

    private void BeginChange(EffectiveService service, FleetImage image, FleetImage? former)
    {
        var was = _target;
        if (former is null)
        {
            _target = new Target(service, image, null);
            return;
        }

        // What an interrupted change held is held by the next one: there are machines of both kinds now, more than the work needs.
        var change = new Change(former, was.Change?.Held ?? NeededNow(service), was.Change?.Began ?? _context.Time.GetUtcNow());
        _target = new Target(service, image, change);
        if (was.Change is null or { Stopped: true } || was.Image.Digest != image.Digest)
        {
            Announce(EventKind.ServiceChangeBegan, $"from image {former} to {image}", _target);
        }
    }

    /// <summary>Goes on with the change that an earlier run began; its machines were adopted before.</summary>
    private void ResumeChange()
    {
        if (_target is { Change: { } change } target)
        {
            _target = target with { Change = change with { Held = NeededNow(target.Service) } };
            Announce(EventKind.ServiceChangeBegan, $"going on from image {change.Former} to {target.Image}", _target);
        }
    }

    private void Announce(EventKind kind, string what, Target target)
    {
        var (ready, former) = Count(target);
        _context.Events.Record(kind, $"{what}: {RollingPlanner.Progress(ready, former)}, {target.Change?.Held} are needed", target.Service.Name);
    }

    private ChangeObservation? ObserveChange(Target target, List<MachineSlots> working, IReadOnlyCollection<FleetMachine> starting, DateTimeOffset now)
    {
        var former = working.Where(machine => IsFormer(DigestOf(machine), target)).ToList();
        if (target.Change is null && former.Count == 0)
        {
            return null;
        }

        var kept = target.Change?.Former;
        var (addresses, memory, bound) = Room();
        var row = kept is null ? default : FailuresOf(kept.Digest).Row;
        return new ChangeObservation(
            [.. former.Select(machine => new FormerMachine(machine.Machine, machine.InUse, machine.InUse > 0 ? TimeSpan.Zero : now - machine.LastReleased))],
            starting.Count(machine => IsFormer(machine.Digest, target)),
            _machines.Values.Count(machine => machine.StopReason is not null),
            target.Change?.Held ?? 0,
            addresses)
        {
            MemoryRoom = memory,
            RoomBound = bound,
            Failures = FailuresOf(target.Image.Digest).OfImage,
            TrialLeft = kept?.Stored is null ? TimeSpan.Zero : TrialLeft(working, target, now),
            CanStartNew = target.Image.Stored is not null,
            CanStartFormer = kept?.Stored is not null,
            FormerFailedStarts = row.Count,
            LastFormerFailedStart = row.Last,
            Stopped = target.Change is { Stopped: true },
        };
    }

    private TimeSpan TrialLeft(List<MachineSlots> working, Target target, DateTimeOffset now) => RollingPlanner.TrialTime - working
        .Select(machine => _machines.GetValueOrDefault(machine.Machine) is { } mine && mine.Digest == target.Image.Digest ? mine.Worked(now) ?? TimeSpan.Zero : TimeSpan.Zero)
        .DefaultIfEmpty().Max();

    /// <summary>How many machines can start besides all there are: by the addresses, and by the memory that half of this service's machines take at most.</summary>
    private (int Addresses, int Memory, string Bound) Room()
    {
        var others = _context.Host.Machines.Count(machine => !_machines.ContainsKey(machine.Snapshot.Id));
        var addresses = Math.Max(0, _context.Host.Addresses.Count - others - _machines.Count);
        var resident = _machines.Values.Select(machine => machine.Machine?.Snapshot.Usage.ResidentBytes ?? 0).Where(bytes => bytes > 0).Order().ToList();
        var each = resident.Count > 0 ? resident[resident.Count / 2] : 0;

        // What is on the way has not taken its memory yet.
        var memory = each > 0 && _context.MemoryAvailableBytes() is { } available
            ? (int)Math.Clamp((available / each) - _machines.Values.Count(machine => machine.IsStarting), 0, int.MaxValue)
            : int.MaxValue;
        return (addresses, memory, memory < addresses ? $"the host's memory has no room for another {each >> 20} MiB" : "no address of the pool is free");
    }

    /// <summary>What work needed meanwhile is held too: between two bursts the former machines would else be ended and started again.</summary>
    private void Hold(ScalePlan plan, Target target)
    {
        if (plan.Change == ChangeStep.UnderWay && target.Change is { } change && plan.Held > change.Held)
        {
            Interlocked.CompareExchange(ref _target, target with { Change = change with { Held = plan.Held } }, target);
        }
    }

    /// <summary>Ends what is on the way to become a machine that nobody goes back to: of an image before the former one, or of one whose change stopped.</summary>
    private void EndUselessStarts(Target target)
    {
        foreach (var machine in _machines.Values.Where(machine => machine.IsStarting && IsFormer(machine.Digest, target) && machine.Digest != target.Change?.Former.Digest))
        {
            BeginStop(machine, $"service {target.Service.Name} changed its image to {target.Image}", drain: true);
        }
    }

    private void EndChange(ChangeStep step, Target target)
    {
        // Unless the service was applied again meanwhile: then there is another change, or none.
        if (step == ChangeStep.Done && target.Change is { } change && Interlocked.CompareExchange(ref _target, target with { Change = null }, target) == target)
        {
            Announce(EventKind.ServiceChangeDone, $"from image {change.Former} to {target.Image} within {(_context.Time.GetUtcNow() - change.Began).TotalSeconds:0.#} s", target);
        }
        else if (step == ChangeStep.Stopped && target.Change is { Stopped: false } failed)
        {
            var stopped = target with { Change = failed with { Stopped = true, Why = FailuresOf(target.Image.Digest).Problem } };
            if (Interlocked.CompareExchange(ref _target, stopped, target) == target)
            {
                _context.Events.Record(EventKind.ServiceChangeStopped, Stoppage(stopped)!, target.Service.Name);
                foreach (var machine in _machines.Values.Where(machine => machine.IsStarting && machine.Digest == target.Image.Digest))
                {
                    BeginStop(machine, $"the change to image {target.Image} stopped", drain: true);
                }

                Wake();
            }
        }
    }

    private string? Stoppage(Target target)
    {
        if (target.Change is not { Stopped: true } change)
        {
            return null;
        }

        var (ready, former) = Count(target);
        return $"the change to image {target.Image} stopped: {change.Why}; {former} of {ready + former} machines are still of the former kind; apply a working image or the former one";
    }

    private ChangeView? View(Target target)
    {
        if (target.Change is not { } change)
        {
            return null;
        }

        var (ready, former) = Count(target);
        return new ChangeView(change.Former, ready, former, change.Stopped, change.Began);
    }

    /// <summary>Machines of the new kind and of former kinds that take work.</summary>
    private (int Ready, int Former) Count(Target target)
    {
        var working = Working();
        var former = working.Count(machine => IsFormer(DigestOf(machine), target));
        return (working.Count - former, former);
    }

    /// <summary>Machines that the work needs now or needed lately, within the service's bounds.</summary>
    private int NeededNow(EffectiveService service)
    {
        var now = _context.Time.GetUtcNow();
        var lately = Working().Count(machine => machine.InUse > 0 || now - machine.LastReleased < LatelyAtWork);
        return Math.Clamp(lately, service.MachinesMin, service.MachinesMax);
    }

    private List<MachineSlots> Working() => [.. Dispatcher.Observe().Machines.Where(machine => !machine.Draining)];

    private string? DigestOf(MachineSlots machine) => _machines.TryGetValue(machine.Machine, out var mine) ? mine.Digest : null;

    private static bool IsFormer(string? digest, Target target) => digest is not null && target.Image.Digest is not null && digest != target.Image.Digest;

    /// <param name="Former">The image to go back to.</param>
    /// <param name="Held">Machines that were at work when it began.</param>
    /// <param name="Began">When.</param>
    private sealed record Change(FleetImage Former, int Held, DateTimeOffset Began)
    {
        internal bool Stopped { get; init; }

        /// <summary>Why it stopped.</summary>
        internal string? Why { get; init; }
    }
}

/// <summary>How far a change of machines is.</summary>
/// <param name="Former">The image that is changed from.</param>
/// <param name="MachinesNew">Machines of the new kind that take work.</param>
/// <param name="MachinesFormer">Machines of former kinds that take work.</param>
/// <param name="Stopped">Whether it stopped, because the new kind does not start.</param>
/// <param name="Began">When it began.</param>
internal sealed record ChangeView(FleetImage Former, int MachinesNew, int MachinesFormer, bool Stopped, DateTimeOffset Began);
