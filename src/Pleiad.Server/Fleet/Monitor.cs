using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Events;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>
/// Writes what the machines report, tells the job pumps how many jobs wait, and puts right what failed half way while the store did not answer: addresses and rows that
/// nobody holds, jobs that nobody runs, images that were away. Its duties are independent: one that fails is tried again, the others go on.
/// Starting, ending and replacing machines is the fleets' own; health checks are the machines' own.
/// </summary>
internal sealed partial class Monitor : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RepairInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromMinutes(5);

    /// <summary>Longer than a call that takes a job may be under way.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromSeconds(60);

    private readonly FleetContext _context;
    private readonly Fleets _fleets;
    private readonly GatewayEvents _gateway;
    private readonly Duty[] _duties;
    private readonly CancellationTokenSource _stop = new();
    private HashSet<(JobId Job, int Attempt)> _suspects = [];
    private Task _loop = Task.CompletedTask;

    internal Monitor(FleetContext context, Fleets fleets, GatewayEvents gateway, Hosting.PleiadServerOptions options)
    {
        (_context, _fleets, _gateway) = (context, fleets, gateway);
        _duties =
        [
            new("report machines", Interval, ReportAsync),
            new("count jobs", Interval, CountJobsAsync),
            new("free addresses", RepairInterval, FreeAddressesAsync),
            new("put back jobs that nobody runs", RepairInterval, PutBackOrphansAsync),
            new("look for images", RepairInterval, fleets.RetryImagesAsync) { Aside = true },
            new("let go of former images", Interval, fleets.SettleImagesAsync) { Aside = true },
            new("remove old jobs", PurgeInterval, cancellation => context.Store.PurgeJobsAsync(context.Time.GetUtcNow() - options.JobsKept, cancellation)),
            new("remove old events", PurgeInterval, cancellation => context.Store.PurgeEventsAsync(options.EventsKept, cancellation)),
        ];
    }

    internal void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _gateway.Flush();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            _gateway.Flush();
            foreach (var duty in _duties)
            {
                if (!duty.Aside)
                {
                    await DoAsync(duty);
                }
                else if (duty.UnderWay.IsCompleted)
                {
                    duty.UnderWay = Task.Run(() => DoAsync(duty));
                }
            }

            await Task.Delay(Interval, _context.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(_duties.Select(duty => duty.UnderWay));
    }

    private async Task DoAsync(Duty duty)
    {
        if (_context.Time.GetUtcNow() < duty.Due || _stop.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await duty.Do(_stop.Token);
            duty.Due = _context.Time.GetUtcNow() + duty.Interval - (Interval / 2);
            if (duty.Fails)
            {
                duty.Fails = false;
                LogWorksAgain(_context.Logger, duty.Name);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // It is done again by the next server.
            return;
        }
        catch (Exception error)
        {
            // Said once, not each second while the store is away.
            if (!duty.Fails)
            {
                duty.Fails = true;
                LogFails(_context.Logger, duty.Name, error);
            }
        }
    }

    private async Task ReportAsync(CancellationToken cancellation)
    {
        var reports = new List<MachineReport>();
        foreach (var service in _fleets.All)
        {
            var slots = service.Fleet.Dispatcher.Observe().Machines.ToDictionary(machine => machine.Machine);
            foreach (var machine in service.Fleet.Machines)
            {
                if (machine.Machine?.Snapshot is { } seen)
                {
                    var free = slots.TryGetValue(machine.Id, out var use) && !use.Draining ? Math.Max(0, use.Slots - use.InUse) : 0;
                    reports.Add(Report(seen, free));
                }
            }
        }

        await _context.Store.ReportMachinesAsync(reports, cancellation);

        // A machine that ended while its report was on the way has its row again by now; others may be left from when the store did not answer.
        var rows = (await _context.Store.ListMachinesAsync(cancellation)).Select(row => row.Id).ToList();
        var followed = _fleets.Followed();
        if (rows.Where(row => !followed.Contains(row)).ToList() is { Count: > 0 } gone)
        {
            await _context.Store.RemoveMachinesAsync(gone, cancellation);
        }
    }

    private static MachineReport Report(MachineSnapshot seen, int free) => new(
        seen.Id, seen.Service, seen.ImageDigest, Words.Of(seen.State), seen.Address.Ip, seen.Address.Port, seen.Usage.CpuShare, seen.Usage.ResidentBytes, free,
        seen.LastContact, seen.Started, seen.Reason);

    private async Task FreeAddressesAsync(CancellationToken cancellation)
    {
        // A start under way ends by its own limit, however long it waited for its turn, and gives its address back itself; a fleet follows a machine before it reserves one.
        var held = (await _context.Store.ListAddressesAsync(cancellation)).Where(address => address.Machine is not null).ToList();
        var followed = _fleets.Followed();
        foreach (var address in held.Where(address => !followed.Contains(address.Machine!.Value)))
        {
            await _context.Store.ReleaseAddressAsync(address.Machine!.Value, _context.Time.GetUtcNow(), cancellation);
            _context.Events.Record(EventKind.AddressReleased, $"{address.Address} was {Words.Of(address.State)} for a machine that is gone", machine: address.Machine.Value.Value);
        }
    }

    private async Task CountJobsAsync(CancellationToken cancellation)
    {
        var waiting = await _context.Store.CountWaitingJobsAsync(cancellation);
        foreach (var service in _fleets.All)
        {
            service.Jobs.Expect(waiting.GetValueOrDefault(service.Name));
        }
    }

    /// <summary>
    /// Jobs that are marked running and that no runner has: the store failed when one was taken, and nobody could know whether it was. Looked at twice,
    /// each take of a job being another attempt, so that none is put back that a runner has just got.
    /// </summary>
    private async Task PutBackOrphansAsync(CancellationToken cancellation)
    {
        var now = _context.Time.GetUtcNow();
        var suspects = new HashSet<(JobId Job, int Attempt)>();
        JobId? after = null;
        do
        {
            var page = await _context.Store.ListJobsAsync(new JobQuery(State: JobState.Running, After: after, Limit: 1_000), cancellation);
            foreach (var job in page.Where(job => now - job.Sent >= OrphanAge && _fleets.Get(job.Service)?.Jobs.Has(job.Id) != true))
            {
                if (!_suspects.Contains((job.Id, job.Attempts)))
                {
                    suspects.Add((job.Id, job.Attempts));
                }
                else if ((await _context.Store.RequeueJobsAsync(job.Id, now, cancellation)).Count > 0)
                {
                    _context.Events.Record(EventKind.JobRequeued, "it was marked running and nobody ran it", job.Service, job: job.Id.ToString());
                    _fleets.Get(job.Service)?.Jobs.Added();
                }
            }

            after = page.Count == 1_000 ? page[^1].Id : null;
        }
        while (after is not null);
        _suspects = suspects;
    }

    [LoggerMessage(4110, LogLevel.Error, "The monitor cannot {Duty}; it goes on trying")]
    private static partial void LogFails(ILogger logger, string duty, Exception error);

    [LoggerMessage(4111, LogLevel.Information, "The monitor can {Duty} again")]
    private static partial void LogWorksAgain(ILogger logger, string duty);

    private sealed class Duty(string name, TimeSpan interval, Func<CancellationToken, Task> work)
    {
        internal string Name => name;

        internal TimeSpan Interval => interval;

        internal Func<CancellationToken, Task> Do => work;

        /// <summary>Whether the others do not wait for it: it waits for what another process may hold for long.</summary>
        internal bool Aside { get; init; }

        /// <summary>What was begun aside.</summary>
        internal Task UnderWay { get; set; } = Task.CompletedTask;

        internal DateTimeOffset Due { get; set; }

        internal bool Fails { get; set; }
    }
}
