using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Core.Settings;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Events;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>
/// Once an interval: writes what the machines report, frees reservations that passed their time, tells the job pumps how many jobs wait, and removes what is too old.
/// Starting, ending and replacing machines is the fleets' own; health checks are the machines' own.
/// </summary>
internal sealed partial class Monitor(FleetContext context, Fleets fleets, GatewayEvents gateway, Hosting.PleiadServerOptions options) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private DateTimeOffset _purged;

    internal void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                gateway.Flush();
                await GiveBackAsync();
                await ReportAsync();
                await ReleaseStaleAsync();
                await CountJobsAsync();
                await PurgeAsync();
                await Task.Delay(Interval, context.Time, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                LogRound(context.Logger, error);
                await Task.Delay(Interval, context.Time, CancellationToken.None);
            }
        }
    }

    private async Task ReportAsync()
    {
        var reports = new List<MachineReport>();
        foreach (var service in fleets.All)
        {
            var slots = service.Fleet.Dispatcher.Observe().Machines.ToDictionary(machine => machine.Machine);
            foreach (var machine in service.Fleet.Machines)
            {
                if (machine.Machine?.Snapshot is { } seen)
                {
                    var free = slots.TryGetValue(machine.Id, out var use) ? use.Slots - use.InUse : 0;
                    reports.Add(Report(seen, free));
                }
            }
        }

        await context.Store.ReportMachinesAsync(reports, _stop.Token);
    }

    private static MachineReport Report(MachineSnapshot seen, int free) => new(
        seen.Id, seen.Service, seen.ImageDigest, Words.Of(seen.State), seen.Address.Ip, seen.Address.Port, seen.Usage.CpuShare, seen.Usage.ResidentBytes, free,
        seen.LastContact, seen.Started, seen.Reason);

    /// <summary>In their order; at the first that the store refuses the round ends, with it still in the queue.</summary>
    private async Task GiveBackAsync()
    {
        while (context.NotGivenBack.TryPeek(out var machine))
        {
            await context.GiveBackAsync(machine);
            context.NotGivenBack.TryDequeue(out _);
        }
    }

    private async Task ReleaseStaleAsync()
    {
        // A start under way ends by its own service's limit; only reservations that nobody here follows grow older than all of them.
        var limit = fleets.All.Select(service => service.Fleet.Service.AddressReservation).Append(fleets.Settings.Time(SettingKey.AddressReservation)).Max();
        var now = context.Time.GetUtcNow();
        foreach (var address in await context.Store.ReleaseStaleReservationsAsync(now - limit - Interval, now, _stop.Token))
        {
            context.Events.Record(EventKind.AddressReleased, $"{address.Address} was reserved for more than {limit.TotalMilliseconds:0} ms without an answer", machine: address.Machine?.Value);
        }
    }

    private async Task CountJobsAsync()
    {
        var waiting = await context.Store.CountWaitingJobsAsync(_stop.Token);
        foreach (var service in fleets.All)
        {
            service.Jobs.Expect(waiting.GetValueOrDefault(service.Name));
        }
    }

    private async Task PurgeAsync()
    {
        var now = context.Time.GetUtcNow();
        if (now - _purged >= PurgeInterval)
        {
            _purged = now;
            await context.Store.PurgeJobsAsync(now - options.JobsKept, _stop.Token);
            await context.Store.PurgeEventsAsync(options.EventsKept, _stop.Token);
        }
    }

    [LoggerMessage(4110, LogLevel.Error, "A round of the monitor failed; the next follows")]
    private static partial void LogRound(ILogger logger, Exception error);
}
