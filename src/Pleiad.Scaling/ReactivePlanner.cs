using System.Globalization;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;

namespace Pleiad.Scaling;

/// <summary>
/// Plans from what is there now: as many machines as the work in hand needs slots for, between the service's bounds. Starts at once when slots are short,
/// counting starts under way; ends machines one idle time after their last work. A pure function: the same observation gives the same plan.
/// </summary>
public static class ReactivePlanner
{
    /// <summary>Pause after the first failed start; doubles with each further one.</summary>
    public static readonly TimeSpan BackOffFirst = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause after a failed start.</summary>
    public static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(30);

    /// <summary>What to do about a service.</summary>
    /// <param name="seen">Its machines and load.</param>
    /// <param name="service">Its bounds.</param>
    public static ScalePlan Plan(FleetObservation seen, EffectiveService service)
    {
        var needed = Needed(seen, service);
        var target = Math.Clamp(needed, service.MachinesMin, service.MachinesMax);
        var have = seen.Ready + seen.Starting;
        var figures = Figures(seen, service, needed, target);
        return target > have ? PlanStart(seen, target - have, figures) : PlanStop(seen, service, target, figures);
    }

    /// <summary>Machines whose slots the work in hand fills, whatever the bounds.</summary>
    internal static int Needed(FleetObservation seen, EffectiveService service) =>
        (int)Math.Min(((long)seen.InFlight + seen.Waiting + service.Slots - 1) / service.Slots, int.MaxValue);

    /// <summary>What is left of the pause after failed starts; zero or less when a start may be tried.</summary>
    internal static TimeSpan PauseLeft(int failedStarts, DateTimeOffset? last, DateTimeOffset now) => BackOff(failedStarts) - (now - (last ?? DateTimeOffset.MinValue));

    /// <summary>Pause after a number of failed starts in a row.</summary>
    public static TimeSpan BackOff(int failedStarts) =>
        failedStarts <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(BackOffFirst.Ticks << Math.Min(failedStarts - 1, 20), BackOffMax.Ticks));

    private static ScalePlan PlanStart(FleetObservation seen, int missing, string figures)
    {
        var pause = PauseLeft(seen.FailedStarts, seen.LastFailedStart, seen.Now);
        return pause > TimeSpan.Zero
            ? new ScalePlan(0, [], $"{figures}; the next start waits {Seconds(pause)} after {seen.FailedStarts} failed in a row", pause)
            : new ScalePlan(missing, [], figures, null);
    }

    private static ScalePlan PlanStop(FleetObservation seen, EffectiveService service, int target, string figures)
    {
        // Starts under way are not stopped: they are nearly done, and what they were started for may come again.
        var spare = Math.Min(seen.Ready + seen.Starting - target, seen.Idle.Count);
        var tooMany = seen.Ready + seen.Starting - service.MachinesMax;
        var stop = new List<MachineId>();
        TimeSpan? next = null;
        foreach (var (machine, idleFor) in seen.Idle.OrderByDescending(idle => idle.IdleFor).Take(Math.Max(spare, 0)))
        {
            if (stop.Count < tooMany || idleFor >= service.IdleTimeout)
            {
                stop.Add(machine);
            }
            else
            {
                next = service.IdleTimeout - idleFor;
                break;
            }
        }

        var reason = stop.Count == 0
            ? figures
            : stop.Count <= tooMany
                ? $"{figures}; more machines than machinesMax {service.MachinesMax}"
                : $"{figures}; without work for {Seconds(seen.Idle.Where(idle => stop.Contains(idle.Machine)).Min(idle => idle.IdleFor))}, idleTimeout is {Seconds(service.IdleTimeout)}";
        return new ScalePlan(0, stop, reason, next);
    }

    internal static string Figures(FleetObservation seen, EffectiveService service, int needed, int target)
    {
        var work = seen.InFlight + seen.Waiting == 0
            ? "no work"
            : $"{seen.InFlight} in work and {seen.Waiting} waiting at {service.Slots} {(service.Slots == 1 ? "slot" : "slots")} a machine need {needed} {(needed == 1 ? "machine" : "machines")}";
        var bound = target > needed ? $", machinesMin is {service.MachinesMin}" : target < needed ? $", machinesMax is {service.MachinesMax}" : "";
        return $"{work}{bound}; {seen.Ready} ready, {seen.Starting} starting";
    }

    internal static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
}
