using System.Collections.Concurrent;
using Pleiad.Core.Identity;
using Pleiad.Core.Settings;
using Pleiad.Scaling;
using Pleiad.Server.Jobs;
using Pleiad.State;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Simulation;

/// <summary>
/// Starts that fail, machines that die, kills, changes of the service, cancelled jobs and a store that fails before or after it did what was asked, as a seed says.
/// Whatever happens: never more machines than allowed, never two at an address, every job ends, and in the end nothing is held.
/// </summary>
public sealed class FleetSimulationTests(ITestOutputHelper output)
{
    private const int MachinesMax = 6;
    private const int Steps = 120;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task Whatever_fails_bounds_hold_every_job_ends_and_nothing_is_left(int seed)
    {
        output.WriteLine($"seed {seed}");
        var chance = new FakeChance(seed * 7919);
        await using var rig = await Rig.StartAsync(seed);
        rig.Host.Forbids = order => TooMany(rig);
        (rig.Chance.StartFails, rig.Chance.Dies) = (0.15, 0.2);
        var asked = new ConcurrentDictionary<string, int>();
        rig.Host.Asked = path => asked.AddOrUpdate(path, 1, (_, count) => count + 1);
        await rig.ApplyAsync($"machinesMin: 1\nmachinesMax: {MachinesMax}\nslots: 2\nidleTimeout: 2s");
        rig.Store.FailsBefore = name => name is not nameof(IStateStore.AppendEventsAsync) && chance.Happens(0.03);
        rig.Store.FailsAfter = _ => chance.Happens(0.02);
        rig.Store.After = _ => Task.Delay(chance.Upto(TimeSpan.FromMilliseconds(40)), rig.Time);

        var jobs = new List<JobId>();
        for (var step = 0; step < Steps; step++)
        {
            await TryAsync(() => StepAsync(rig, chance, jobs));
            await Task.Delay(chance.Upto(TimeSpan.FromMilliseconds(300)), rig.Time);
        }

        rig.Store.Out = false;
        (rig.Chance.StartFails, rig.Chance.Dies) = (0, 0);
        rig.Store.FailsBefore = rig.Store.FailsAfter = _ => false;
        foreach (var job in jobs)
        {
            await rig.EndsAsync(job);
        }

        foreach (var job in await Task.WhenAll(jobs.Select(rig.JobAsync)))
        {
            asked.GetValueOrDefault(job.Path).ShouldBeLessThanOrEqualTo(job.Attempts);
            if (job.State == JobState.Done)
            {
                System.Text.Encoding.ASCII.GetString(job.Result!).ShouldBe(job.Path);
            }
            else if (job.State == JobState.Failed)
            {
                job.Attempts.ShouldBeGreaterThanOrEqualTo(JobPump.AttemptsMax, job.Error);
            }
        }

        await rig.HoldsNothingElseAsync();
        await rig.Fleets.RemoveAsync("work", TimeSpan.FromSeconds(20), default);
        await rig.HoldsNothingElseAsync();
        (await rig.Real.ListAddressesAsync(default)).ShouldAllBe(address => address.State == AddressState.Free);
        rig.Host.Live.ShouldBeEmpty();
        output.WriteLine($"{rig.Host.Started} machines, {jobs.Count} jobs");
    }

    /// <summary>Machines that end do not count, whoever decided it, nor those whose start failed before they were ordered; a change may have a quarter more.</summary>
    private static string? TooMany(Rig rig)
    {
        var counted = rig.Fleet().Machines.Where(machine => machine.StopReason is null && (machine.Machine is null ? machine.IsStarting : machine.Machine is FakeMachine { IsLive: true })).ToList();
        return counted.Count > MachinesMax + RollingPlanner.Surge(MachinesMax) ? $"starts as one of {counted.Count}: {string.Join(", ", counted.Select(machine => $"{machine.Id} {machine.Machine?.Snapshot.State}"))}" : null;
    }

    private static Task StepAsync(Rig rig, FakeChance chance, List<JobId> jobs)
    {
        var live = rig.Host.Live;
        switch (chance.Below(14))
        {
            case 0:
                return rig.ApplyAsync(
                    $"machinesMin: {chance.Below(3)}\nmachinesMax: {MachinesMax}\nslots: {1 + chance.Below(3)}\nidleTimeout: 2s", image: chance.Below(3) switch { 0 => "image", 1 => "next", _ => "third" });
            case 1:
                return rig.Fleets.SetAsync(SettingKey.AddressReservation, 1_000 + chance.Below(60_000), default);
            case 2 when live.Count > 0:
                rig.Fleet().Kill(live[chance.Below(live.Count)].Order.Id, "killed by the test");
                return Task.CompletedTask;
            case 3 when live.Count > 0:
                live[chance.Below(live.Count)].Die();
                return Task.CompletedTask;
            case 4:
                rig.Store.Out = !rig.Store.Out && chance.Happens(0.5);
                return Task.CompletedTask;
            case 5 when jobs.Count > 0:
                return CancelAsync(rig, jobs[chance.Below(jobs.Count)]);
            default:
                return SubmitAsync(rig, jobs, 1 + chance.Below(6));
        }
    }

    private static async Task SubmitAsync(Rig rig, List<JobId> jobs, int count)
    {
        for (var one = 0; one < count; one++)
        {
            jobs.Add(await rig.SubmitAsync($"j{jobs.Count}"));
        }
    }

    private static async Task CancelAsync(Rig rig, JobId job)
    {
        await rig.Store.CancelJobAsync(job, "cancelled by the test", rig.Time.GetUtcNow(), default);
        rig.Fleets.Get("work")!.Jobs.Cancel(job);
    }

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (StateException)
        {
            // The caller was told; what it asked for happened or did not.
        }
    }
}
