using Pleiad.Core.Identity;
using Pleiad.Core.Services;

namespace Pleiad.Scaling;

/// <summary>
/// Plans while the machines of a service are changed for others of a new kind: new ones start beside the former ones, which make way one by one as the new ones answer,
/// so that as many take work as before. Scaling goes on in the same plan. A pure function, as <see cref="ReactivePlanner"/>.
/// </summary>
/// <remarks>
/// Until a machine of the new kind has worked for a while, nobody knows whether it will: so the former kind carries the work, and grows with it; starts of the new kind are not counted on.
/// <code>
/// under way ──► done      as many of the new kind take work as are needed, one has done so for <see cref="TrialTime"/>, and no former one does
///     └──────► stopped    the new kind failed to start <see cref="FailuresMax"/> times in a row; the former kind is scaled as ever
/// </code>
/// </remarks>
public static class RollingPlanner
{
    /// <summary>Starts of the new kind that fail in a row, with their pauses in between, before the change stops.</summary>
    public const int FailuresMax = 3;

    /// <summary>
    /// A machine of the new kind that took work this long shows that its kind works; until then its image may be one that answers once and ends, so no more than a surge of them takes
    /// the place of former ones.
    /// </summary>
    public static readonly TimeSpan TrialTime = TimeSpan.FromSeconds(10);

    /// <summary>Machines beyond those needed that a change may have at once: a quarter of them, at least 1.</summary>
    public static int Surge(int needed) => Math.Max(1, (needed + 3) / 4);

    /// <summary>What to do about a service whose machines are being changed.</summary>
    /// <param name="seen">Its machines and load.</param>
    /// <param name="change">The change.</param>
    /// <param name="service">Its bounds.</param>
    public static ScalePlan Plan(FleetObservation seen, ChangeObservation change, EffectiveService service)
    {
        var held = Math.Clamp(Math.Max(ReactivePlanner.Needed(seen, service), change.Held), service.MachinesMin, service.MachinesMax);

        // No more than can be had: a full pool must not keep a change from its end.
        var target = Math.Min(held, seen.Ready + seen.Starting + change.Draining + change.Room);
        var ready = seen.Ready - change.Former.Count;
        var formerGone = change.Former.Count + change.FormerStarting == 0;
        var plan = formerGone && (!change.CanStartFormer || (ready >= Math.Max(1, target) && change.TrialLeft <= TimeSpan.Zero))
            ? ReactivePlanner.Plan(seen, service) with { Change = ChangeStep.Done }
            : change.Stopped || change.Failures >= FailuresMax
                ? Stand(seen, change, service)
                : GoOn(seen, change, service, target, held);
        return plan with { Held = held };
    }

    /// <summary>The former kind is scaled as if there were no new one; machines of the new kind that came up go on as well.</summary>
    private static ScalePlan Stand(FleetObservation seen, ChangeObservation change, EffectiveService service)
    {
        if (!change.CanStartFormer)
        {
            return ReactivePlanner.Plan(seen, service) with { Change = ChangeStep.Stopped };
        }

        // Starts of the new kind are about to be ended; they make no former machine one too many.
        var plan = ReactivePlanner.Plan(seen with { Starting = change.FormerStarting, FailedStarts = change.FormerFailedStarts, LastFailedStart = change.LastFormerFailedStart }, service);
        return plan with { Start = 0, StartFormer = plan.Start, Change = ChangeStep.Stopped };
    }

    private static ScalePlan GoOn(FleetObservation seen, ChangeObservation change, EffectiveService service, int target, int held)
    {
        var ready = seen.Ready - change.Former.Count;
        var starting = seen.Starting - change.FormerStarting;
        var limit = target + Surge(target);
        var untried = change.CanStartFormer && (ready == 0 || change.TrialLeft > TimeSpan.Zero);

        // With nothing to do one machine is started all the same, to know whether the new kind works, as long as there is a former kind to go back to.
        var wanted = Math.Max(0, (untried ? Surge(target) : target) - ready - starting);
        var pause = change.CanStartNew ? ReactivePlanner.PauseLeft(seen.FailedStarts, seen.LastFailedStart, seen.Now) : TimeSpan.MaxValue;
        var formerPause = ReactivePlanner.PauseLeft(change.FormerFailedStarts, change.LastFormerFailedStart, seen.Now);
        var formerCarries = untried || (change.CanStartFormer && (change.Failures > 0 || !change.CanStartNew));

        var countedOn = seen.Ready + change.FormerStarting + (formerCarries ? 0 : starting);
        var missing = Math.Max(0, target - countedOn);
        var allowed = Math.Min(change.Room, Math.Max(missing - change.Draining, change.MemoryRoom)); // What drains has its memory still.
        var place = limit - Math.Max(target, countedOn) - (formerCarries ? starting : 0) - change.Draining;
        var start = formerCarries ? place : Math.Max(place + missing, missing); // What the work needs is started whatever drains still: that ends soon.
        start = pause > TimeSpan.Zero ? 0 : Math.Clamp(start, 0, Math.Min(wanted, allowed));
        var startFormer = formerCarries && formerPause <= TimeSpan.Zero ? Math.Clamp(limit - seen.Ready - seen.Starting - start, 0, Math.Min(missing, allowed - start)) : 0;

        // One at a time, and never while the place of the one before is not taken: whoever else took it must not cost a second one.
        var leave = untried ? Math.Max(0, target - Surge(target)) : 0;
        var surplus = Math.Clamp(seen.Ready - target, 0, Math.Max(0, change.Former.Count - leave));
        var isFull = Math.Min(change.Room, change.MemoryRoom) == 0 && seen.Starting == 0 && change.Draining == 0;
        var tight = isFull && start + startFormer + surplus == 0 && wanted > 0 && pause <= TimeSpan.Zero && change.Former.Count > 0 && seen.Ready >= Math.Min(held, Math.Max(1, change.Held));
        var needed = ReactivePlanner.Needed(seen, service);
        var reason = $"{ReactivePlanner.Figures(seen, service, needed, Math.Clamp(needed, service.MachinesMin, service.MachinesMax))}; "
            + $"changing: {Progress(ready, change.Former.Count)}, at most {limit} machines at once"
            + (tight ? $"; {change.RoomBound}, so one of the former kind ends first" : isFull && wanted > 0 && start == 0 ? $"; {change.RoomBound}, the change waits for it" : "")
            + (untried && ready > 0 ? $"; no more than {Surge(target)} of the new kind until one has worked for {ReactivePlanner.Seconds(TrialTime)}" : "")
            + (pause > TimeSpan.Zero && change.CanStartNew ? $"; the next start of the new kind waits {ReactivePlanner.Seconds(pause)} after {seen.FailedStarts} failed in a row" : "");
        return new ScalePlan(start, [], reason, Next(pause, formerCarries && missing > 0 ? formerPause : TimeSpan.Zero, untried && ready > 0 ? change.TrialLeft : TimeSpan.Zero))
        {
            StartFormer = startFormer,
            Replace = First(change.Former, tight ? 1 : surplus),
            Change = ChangeStep.UnderWay,
        };
    }

    /// <summary>For example: 2 of 5 machines are of the new kind.</summary>
    public static string Progress(int ready, int former) =>
        $"{ready} of {ready + former} {(ready + former == 1 ? "machine is" : "machines are")} of the new kind";

    /// <summary>Those without work first, those idle longest before all.</summary>
    private static IReadOnlyList<MachineId> First(IReadOnlyList<FormerMachine> former, int count) =>
        [.. former.OrderBy(machine => machine.InUse).ThenByDescending(machine => machine.IdleFor).Take(count).Select(machine => machine.Machine)];

    private static TimeSpan? Next(params ReadOnlySpan<TimeSpan> times)
    {
        TimeSpan? next = null;
        foreach (var time in times)
        {
            next = time > TimeSpan.Zero && time < (next ?? TimeSpan.MaxValue) ? time : next;
        }

        return next;
    }
}
