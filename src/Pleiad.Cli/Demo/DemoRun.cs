using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Machines.Images;

namespace Pleiad.Cli.Demo;

/// <summary>How the demo runs.</summary>
/// <param name="Jobs">Tasks, from 1.</param>
/// <param name="Machines">Most machines, from 1.</param>
/// <param name="FirstN">N of the first task, or null to choose by what the machine can do.</param>
internal sealed record DemoOptions(int Jobs, int Machines, int? FirstN);

/// <summary>The demo on a running server: the tasks once with scaling as needed, then the same on fixed numbers of machines.</summary>
/// <param name="client">Of the server.</param>
/// <param name="options">How it runs.</param>
/// <param name="view">Shows it.</param>
/// <param name="time">Measures waits.</param>
/// <param name="processes">Gets every process that a machine is seen with.</param>
internal sealed class DemoRun(PleiadClient client, DemoOptions options, DemoView view, TimeProvider time, HashSet<int> processes)
{
    public const string Service = "primes";

    /// <summary>Largest N of a task; the service's own limit is ten times that.</summary>
    public const int NMax = 1_000_000;

    private const int ProbesMax = 6;
    private const double ProbeMsMin = 250;
    private static readonly TimeSpan MachinesTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly PrimeTable _table = new(NMax);
    private readonly Dictionary<string, MachineInfo> _machines = [];

    /// <summary>What was wrong with the tasks; null when every one was done and right.</summary>
    public string? Problem { get; private set; }

    public async Task<DemoReport> RunAsync(StoredImage image, CancellationToken cancellation)
    {
        var server = await client.GetServerAsync(cancellation);
        view.Say(
            $"Image {image.Manifest.Name}: {Figures.Bytes(image.Bytes)}; a machine has {Figures.Bytes(image.Manifest.MemoryBytes)} of RAM; " +
            $"accelerator {server.Accelerator}{(server.Accelerator == "kvm" ? "" : " (emulation, which is slower: 'pleiad doctor' says why)")}, network {server.Network}.");
        await ApplyAsync(1, options.Machines, cancellation);
        await WaitForMachinesAsync("one machine is ready", ready => ready >= 1, exactly: false, cancellation);

        var tasks = options.FirstN is { } first
            ? DemoTasks.From(options.Jobs, first, _table)
            : DemoTasks.Calibrated(options.Jobs, await MeasureAsync(cancellation), _table);
        _machines.Clear();
        view.Say($"\n{tasks.Count} tasks at once, machines are started as slots run out, up to {options.Machines}:");
        var done = await DoAsync(tasks, "", stays: true, cancellation);
        await WaitForMachinesAsync("no machine is starting", _ => true, exactly: false, cancellation);
        IReadOnlyList<DemoMachine> machines = [.. _machines.Values.OrderBy(machine => machine.Started).Select(DemoMachine.Of)];

        var scaling = new List<DemoScaling>();
        Problem = Wrong(done);
        if (Problem is null)
        {
            view.Say("The same tasks on a fixed number of machines:");
            foreach (var count in Gain.Steps(options.Machines))
            {
                scaling.Add(await CompareAsync(tasks, count, cancellation));
                view.Say(Gain.Line(scaling[^1], scaling[0]));
            }
        }

        return new DemoReport(
            server.Accelerator, new DemoImage(image.Bytes), new DemoGuest(image.Manifest.MemoryBytes), [.. done.Tasks.Select(entry => DemoJob.Of(entry.Job))], machines, scaling);
    }

    /// <summary>Lets the service scale as needed again, for whoever plays with it now.</summary>
    public Task ScaleAsNeededAsync(CancellationToken cancellation) => ApplyAsync(1, options.Machines, cancellation);

    private async Task<DemoScaling> CompareAsync(IReadOnlyList<DemoTask> tasks, int count, CancellationToken cancellation)
    {
        await ApplyAsync(count, count, cancellation);
        await WaitForMachinesAsync($"exactly {count} are ready", ready => ready == count, exactly: true, cancellation);
        var state = await DoAsync(tasks, string.Create(CultureInfo.InvariantCulture, $"-on-{count}"), stays: false, cancellation);
        if (Wrong(state) is { } wrong)
        {
            throw new CommandFailedException($"on {count} machines: {wrong}");
        }

        var jobs = state.Tasks.Select(entry => entry.Job).ToList();
        var seconds = (jobs.Max(job => job.Ended)!.Value - jobs.Min(job => job.Submitted)).TotalSeconds;
        return new DemoScaling(count, Math.Round(seconds, 3));
    }

    /// <summary>Submits the tasks at once and shows them until all ended.</summary>
    private async Task<DemoState> DoAsync(IReadOnlyList<DemoTask> tasks, string suffix, bool stays, CancellationToken cancellation)
    {
        var jobs = new JobInfo[tasks.Count];
        for (var at = 0; at < jobs.Length; at++)
        {
            (jobs[at], _) = await client.SubmitJobAsync(new JobRequest(Service, tasks[at].Path) { Name = tasks[at].Name + suffix }, cancellation);
        }

        return await view.FollowAsync(
            async end =>
            {
                var listed = (await client.ListJobsAsync(new JobQuery { Service = Service, Limit = 1_000 }, end)).Jobs.ToDictionary(job => job.Id);
                for (var at = 0; at < jobs.Length; at++)
                {
                    if (jobs[at].Ended is null && listed.TryGetValue(jobs[at].Id, out var now))
                    {
                        // Lists leave answers out.
                        jobs[at] = now.Ended is null ? now : await client.GetJobAsync(now.Id, end);
                    }
                }

                return new DemoState([.. tasks.Zip(jobs)], await SeeMachinesAsync(end));
            },
            stays,
            cancellation);
    }

    /// <summary>What a machine does, in divisions per millisecond.</summary>
    private async Task<double> MeasureAsync(CancellationToken cancellation)
    {
        var divisions = 1e6;
        for (var probe = 1; ; probe++)
        {
            var n = _table.For(divisions);
            var (job, _) = await client.SubmitJobAsync(new JobRequest(Service, $"/primes?n={n}") { Name = $"measure{probe}" }, cancellation);
            job = await client.WaitForJobAsync(job.Id, cancellation);
            if (job is not { State: "done", RanMs: > 0 and var ranMs })
            {
                throw new CommandFailedException($"the first task {job.State}: {job.Error}; see 'pleiad doctor'");
            }

            if (ranMs >= ProbeMsMin || probe == ProbesMax || n == NMax)
            {
                return _table.Divisions(n) / ranMs;
            }

            divisions *= Math.Clamp(1.5 * ProbeMsMin / ranMs, 2, 20);
        }
    }

    private async Task ApplyAsync(int min, int max, CancellationToken cancellation)
    {
        var document = string.Create(CultureInfo.InvariantCulture, $"name: {Service}\nimage: {ShippedImages.Primes.Name}\nslots: 1\nmachinesMin: {min}\nmachinesMax: {max}\n");
        await client.ApplyServiceAsync(Service, document, cancellation);
    }

    private async Task WaitForMachinesAsync(string what, Func<int, bool> enough, bool exactly, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var machines = await SeeMachinesAsync(cancellation);
            var ready = machines.Count(machine => machine.State == "ready");
            var coming = machines.Any(machine => machine.State is "starting" or "reserved");
            if (enough(ready) && !coming && (!exactly || machines.Count == ready))
            {
                return;
            }

            if (time.GetElapsedTime(started) > MachinesTimeMax)
            {
                var service = await client.GetServiceAsync(Service, cancellation);
                var seen = machines.Count == 0 ? "no machine" : string.Join(", ", machines.Select(machine => $"{machine.Id} {machine.State}"));
                throw new CommandFailedException($"waited {MachinesTimeMax.TotalSeconds:0} s until {what}; there is {seen}; plan: {service.Plan}; {service.Problem ?? "no problem is known"}");
            }

            await Task.Delay(Interval, time, cancellation);
        }
    }

    private async Task<IReadOnlyList<MachineInfo>> SeeMachinesAsync(CancellationToken cancellation)
    {
        var machines = await client.ListMachinesAsync(cancellation);
        foreach (var machine in machines.Where(machine => machine.Ip.Length > 0))
        {
            _machines[machine.Id] = machine;
            if (machine.ProcessId is { } process)
            {
                processes.Add(process);
            }
        }

        return machines;
    }

    /// <summary>What is wrong with the tasks, or null.</summary>
    private static string? Wrong(DemoState state)
    {
        var wrong = state.Tasks.Select(Wrong).OfType<string>().ToList();
        return wrong.Count == 0 ? null : string.Join("; ", wrong);
    }

    private static string? Wrong((DemoTask Task, JobInfo Job) entry) => entry switch
    {
        { Job.State: not "done" } => $"{entry.Job.Name} {entry.Job.State}: {entry.Job.Error ?? "no reason is known"}",
        { Job: var job, Task: var task } when DemoTasks.ResultOf(job.Result) != task.Expected => $"{job.Name} says {job.Result ?? "nothing"}, but there are {task.Expected} primes up to {task.N}",
        _ => null,
    };
}
