using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Core.Metrics;
using Pleiad.Core.Services;
using Pleiad.Gateway.Dispatch;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Scaling;

namespace Pleiad.Server.Fleet;

/// <summary>
/// The machines of one service. One loop observes, plans and executes; one task per machine follows it from its order to its end, so that its address, its slots and its
/// row are given back in one place however it ends.
/// </summary>
internal sealed partial class ServiceFleet : IAsyncDisposable
{
    /// <summary>Least time between two plans, so that a busy service does not spend its host's time on planning.</summary>
    private static readonly TimeSpan PlanInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>A plan is made at least this often, whatever happens.</summary>
    private static readonly TimeSpan PlanIntervalMax = TimeSpan.FromSeconds(5);

    /// <summary>Longest time a draining machine gets for the work it has.</summary>
    private static readonly TimeSpan DrainMax = TimeSpan.FromMinutes(10);

    private readonly FleetContext _context;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<MachineId, FleetMachine> _machines = new();
    private readonly ConcurrentDictionary<MachineId, Task> _lives = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _cut;
    private Task _loop = Task.CompletedTask;
    private int _disposed;
    private volatile Target _target;
    private readonly ConcurrentDictionary<string, StartFailures> _failures = new(StringComparer.Ordinal);
    private volatile string _plan = "not planned yet";

    /// <param name="context">What it works with.</param>
    /// <param name="service">Its bounds.</param>
    /// <param name="image">The image of its machines.</param>
    /// <param name="former">The image that an earlier run was changing from; its machines are adopted before the start.</param>
    internal ServiceFleet(FleetContext context, EffectiveService service, FleetImage image, FleetImage? former)
    {
        _context = context;
        _cut = new CancellationTokenSource(Timeout.InfiniteTimeSpan, context.Time);
        _target = new Target(service, image, former is null ? null : new Change(former, Held: 0, context.Time.GetUtcNow()));
        Dispatcher = new Dispatcher(service.Name, new DispatcherOptions(service.QueueLimit, service.QueueDeadline), context.Time, Wake);
    }

    /// <summary>Begins to plan.</summary>
    internal void Start()
    {
        ResumeChange();
        _loop = Task.Run(RunAsync);
    }

    internal IDispatcher Dispatcher { get; }

    /// <summary>From the order of a machine to its first answer, by the way it started; <see cref="StartMode.Auto"/> is none.</summary>
    internal IReadOnlyDictionary<StartMode, DurationHistogram> Starts { get; } =
        Enum.GetValues<StartMode>().Where(way => way != StartMode.Auto).ToDictionary(way => way, _ => new DurationHistogram());

    internal EffectiveService Service => _target.Service;

    internal FleetImage Image => _target.Image;

    /// <summary>Whether it takes no work any more.</summary>
    internal bool IsClosed => _stop.IsCancellationRequested;

    /// <summary>The last plan's reason.</summary>
    internal string LastPlan => _plan;

    /// <summary>Why no machine starts now, or null when starts succeed.</summary>
    internal string? Problem
    {
        get
        {
            var target = _target;
            return target.Image.Problem ?? Stoppage(target) ?? FailuresOf(target.Image.Digest).Problem ?? (target.Change is { } change ? FailuresOf(change.Former.Digest).Problem : null);
        }
    }

    internal IReadOnlyCollection<FleetMachine> Machines => [.. _machines.Values];

    /// <summary>Makes a new plan due.</summary>
    internal void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Changes bounds and image. Slots are the gateway's and change at once; machines of another image make way for new ones as these answer.</summary>
    /// <param name="service">The bounds.</param>
    /// <param name="image">The image of all machines to come.</param>
    /// <param name="former">The image to go back to while the new one is not known to work, from <see cref="FormerOf"/>; null for none.</param>
    internal void Apply(EffectiveService service, FleetImage image, FleetImage? former)
    {
        _failures.Clear();
        BeginChange(service, image, former);
        Dispatcher.Configure(new DispatcherOptions(service.QueueLimit, service.QueueDeadline));
        foreach (var machine in _machines.Values)
        {
            Resize(machine);
        }

        Wake();
    }

    /// <summary>Takes over a machine that an earlier run started.</summary>
    internal void Adopt(IMachine machine)
    {
        var seen = machine.Snapshot;
        var mine = new FleetMachine(seen.Id, seen.ImageDigest, _target.Service.Slots, seen.Reason, seen.Started);
        _machines[seen.Id] = mine;
        mine.TryOrder(() => machine);
        TryEnterService(mine, seen, seen.Started + (seen.Start?.Duration ?? TimeSpan.Zero));
        _lives[seen.Id] = FollowAsync(mine);
    }

    /// <summary>Ends a machine at once.</summary>
    /// <returns>False when there is none of that id.</returns>
    internal bool Kill(MachineId id, string reason)
    {
        if (!_machines.TryGetValue(id, out var machine))
        {
            return false;
        }

        BeginStop(machine, reason, drain: false);
        return true;
    }

    /// <summary>No new work and no new machines; what is in work gets up to <paramref name="drainTimeout"/> to end, and machines stay.</summary>
    internal async Task LeaveAsync(TimeSpan drainTimeout)
    {
        await CloseAsync();
        _cut.CancelAfter(drainTimeout);
        await Task.WhenAll(Dispatcher.Observe().Machines.Select(machine => Dispatcher.DrainAsync(machine.Machine)))
            .WaitAsync(_cut.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends all machines, after their work within <paramref name="drainTimeout"/>.</summary>
    internal async Task EndAsync(string reason, TimeSpan drainTimeout)
    {
        await CloseAsync();
        _cut.CancelAfter(drainTimeout);
        foreach (var machine in _machines.Values)
        {
            BeginStop(machine, reason, drain: true);
        }

        await Task.WhenAll(_lives.Values);
    }

    /// <summary>Ends the loop; machines stay as they are and belong to the host. Safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _stop.Dispose();
            _cut.Dispose();
        }
    }

    private async Task CloseAsync()
    {
        Dispatcher.Close();
        if (Volatile.Read(ref _disposed) == 0)
        {
            await _stop.CancelAsync();
        }

        await _loop;
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var next = PlanIntervalMax;
            try
            {
                ForgetEnded();
                var target = _target;
                var seen = Observe(target);
                var plan = seen.Change is { } change ? RollingPlanner.Plan(seen, change, target.Service) : ReactivePlanner.Plan(seen, target.Service);
                _plan = plan.Start > 0 && target.Image.Problem is { } problem ? $"{plan.Reason}; nothing can start: {problem}" : plan.Reason;
                Execute(plan, target);
                next = plan.NextLook is { } look && look < PlanIntervalMax ? look : PlanIntervalMax;
                await Task.Delay(PlanInterval, _context.Time, _stop.Token);
                using var wait = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                await Task.WhenAny(_wake.Reader.WaitToReadAsync(wait.Token).AsTask(), Task.Delay(next, _context.Time, wait.Token));
                await wait.CancelAsync();
                _wake.Reader.TryRead(out _);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogLoop(_context.Logger, Service.Name, error);
                await Task.Delay(PlanIntervalMax, _context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void ForgetEnded()
    {
        foreach (var (id, life) in _lives)
        {
            if (life.IsCompleted)
            {
                _lives.TryRemove(id, out _);
            }
        }
    }

    private FleetObservation Observe(Target target)
    {
        // Those on the way first: one that enters service in between is then in the view as well and is counted there.
        var starting = _machines.Values.Where(machine => machine.IsStarting).ToDictionary(machine => machine.Id);
        var view = Dispatcher.Observe();
        foreach (var machine in view.Machines)
        {
            starting.Remove(machine.Machine);
        }

        var now = _context.Time.GetUtcNow();
        var working = view.Machines.Where(machine => !machine.Draining).ToList();
        ForgetFailures(working, starting.Count, now);
        var (failed, last) = FailuresOf(target.Image.Digest).Row;
        return new FleetObservation(
            working.Count,
            starting.Count,
            working.Sum(machine => machine.InUse),
            view.Waiting,
            [.. working.Where(machine => machine.InUse == 0).Select(machine => new IdleMachine(machine.Machine, now - machine.LastReleased))],
            now,
            failed,
            last) { Change = ObserveChange(target, working, starting.Values, now) };
    }

    /// <summary>Failures are over when a machine that was ordered after them is stable, or when one is and none is wanted any more.</summary>
    private void ForgetFailures(List<MachineSlots> working, int starting, DateTimeOffset now)
    {
        foreach (var (digest, failures) in _failures)
        {
            if (failures.Since is { } since
                && working.Any(machine => _machines.TryGetValue(machine.Machine, out var mine) && mine.Digest == digest && mine.Worked(now) >= StartFailures.StableAfter
                    && (mine.Ordered >= since || (starting == 0 && now - since > ReactivePlanner.BackOffMax))))
            {
                failures.Reset();
            }
        }
    }

    private void Execute(ScalePlan plan, Target target)
    {
        EndUselessStarts(target);
        Start(plan.Start, "", plan, target.Service, target.Image.Stored);
        Start(plan.StartFormer, " of the former kind", plan, target.Service, target.Change?.Former.Stored);
        foreach (var id in plan.Replace)
        {
            if (_machines.TryGetValue(id, out var machine))
            {
                BeginStop(machine, $"it makes way for image {target.Image}: {plan.Reason}", drain: true);
            }
        }

        foreach (var id in plan.Stop)
        {
            if (_machines.TryGetValue(id, out var machine) && Dispatcher.TryDrainIdle(id))
            {
                _context.Events.Record(EventKind.ScaleIn, $"ending {id}: {plan.Reason}", Service.Name, id.Value);
                BeginStop(machine, plan.Reason, drain: true);
            }
        }

        Hold(plan, target);
        EndChange(plan.Change, target);
    }

    private void Start(int count, string kind, ScalePlan plan, EffectiveService service, StoredImage? image)
    {
        if (count == 0 || image is null)
        {
            return;
        }

        _context.Events.Record(EventKind.ScaleOut, $"starting {count}{kind}: {plan.Reason}", service.Name);
        for (var started = 0; started < count; started++)
        {
            var machine = new FleetMachine(MachineId.New(), image.Digest, service.Slots, plan.Reason, _context.Time.GetUtcNow());
            _machines[machine.Id] = machine;
            _lives[machine.Id] = LiveAsync(machine, service, image);
        }
    }

    private StartFailures FailuresOf(string? digest) => _failures.GetOrAdd(digest ?? "", _ => new StartFailures());

    private void Resize(FleetMachine machine) => machine.Resize(() => Service.Slots, slots => Dispatcher.Resize(machine.Id, slots));

    [LoggerMessage(4100, LogLevel.Error, "The plan for service {Service} failed; it is tried again")]
    private static partial void LogLoop(ILogger logger, string service, Exception error);

    private sealed record Target(EffectiveService Service, FleetImage Image, Change? Change);
}
