using System.Runtime.CompilerServices;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Core.Settings;
using Pleiad.State;

namespace Pleiad.Server.Tests.Simulation;

/// <summary>A real store whose calls fail as told: before they do anything, or after they did it, which no caller can tell apart.</summary>
internal sealed class FaultyStore(IStateStore store) : IStateStore
{
    /// <summary>Whether no call does anything.</summary>
    internal bool Out { get; set; }

    /// <summary>Decides by the call's name whether it fails before it does anything.</summary>
    internal Func<string, bool> FailsBefore { get; set; } = _ => false;

    /// <summary>Decides by the call's name whether it fails after it was carried out.</summary>
    internal Func<string, bool> FailsAfter { get; set; } = _ => false;

    /// <summary>Decides which outcomes of jobs cannot be written.</summary>
    internal Func<JobOutcome, bool> FailsOutcome { get; set; } = _ => false;

    /// <summary>Waited for before each call.</summary>
    internal Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Waited for after each call was carried out, before its caller knows.</summary>
    internal Func<string, Task> After { get; set; } = _ => Task.CompletedTask;

    public Task MigrateAsync(CancellationToken cancellation) => store.MigrateAsync(cancellation);

    public Task<Lease> AcquireLeaseAsync(string name, string holder, DateTimeOffset now, TimeSpan duration, CancellationToken cancellation) =>
        CallAsync(() => store.AcquireLeaseAsync(name, holder, now, duration, cancellation));

    public Task ReleaseLeaseAsync(string name, string holder, CancellationToken cancellation) => DoAsync(() => store.ReleaseLeaseAsync(name, holder, cancellation));

    public Task<SystemSettings> GetSettingsAsync(CancellationToken cancellation) => CallAsync(() => store.GetSettingsAsync(cancellation));

    public Task SetSettingAsync(SettingKey key, long value, CancellationToken cancellation) => DoAsync(() => store.SetSettingAsync(key, value, cancellation));

    public Task<IReadOnlyList<ServiceSpec>> ListServicesAsync(CancellationToken cancellation) => CallAsync(() => store.ListServicesAsync(cancellation));

    public Task<bool> PutServiceAsync(ServiceSpec service, CancellationToken cancellation) => CallAsync(() => store.PutServiceAsync(service, cancellation));

    public Task<bool> RemoveServiceAsync(string name, string reason, DateTimeOffset now, CancellationToken cancellation) =>
        CallAsync(() => store.RemoveServiceAsync(name, reason, now, cancellation));

    public Task SetAddressPoolAsync(IReadOnlyList<MachineAddress> addresses, CancellationToken cancellation) => DoAsync(() => store.SetAddressPoolAsync(addresses, cancellation));

    public Task<PooledAddress?> ReserveAddressAsync(MachineId machine, AddressWish wish, DateTimeOffset now, CancellationToken cancellation) =>
        CallAsync(() => store.ReserveAddressAsync(machine, wish, now, cancellation));

    public Task<bool> TakeAddressAsync(MachineId machine, CancellationToken cancellation) => CallAsync(() => store.TakeAddressAsync(machine, cancellation));

    public Task ReleaseAddressAsync(MachineId machine, DateTimeOffset now, CancellationToken cancellation) => DoAsync(() => store.ReleaseAddressAsync(machine, now, cancellation));

    public Task<IReadOnlyList<PooledAddress>> ListAddressesAsync(CancellationToken cancellation) => CallAsync(() => store.ListAddressesAsync(cancellation));

    public Task ReportMachinesAsync(IReadOnlyList<MachineReport> reports, CancellationToken cancellation) => DoAsync(() => store.ReportMachinesAsync(reports, cancellation));

    public Task RemoveMachinesAsync(IReadOnlyList<MachineId> machines, CancellationToken cancellation) => DoAsync(() => store.RemoveMachinesAsync(machines, cancellation));

    public Task<IReadOnlyList<MachineReport>> ListMachinesAsync(CancellationToken cancellation) => CallAsync(() => store.ListMachinesAsync(cancellation));

    public Task<JobSubmission> SubmitJobAsync(JobRecord job, CancellationToken cancellation) => CallAsync(() => store.SubmitJobAsync(job, cancellation));

    public Task<JobRecord?> TakeJobAsync(string service, MachineId machine, DateTimeOffset now, CancellationToken cancellation) =>
        CallAsync(() => store.TakeJobAsync(service, machine, now, cancellation));

    public Task<bool> FinishJobAsync(JobId job, JobOutcome outcome, DateTimeOffset now, CancellationToken cancellation) =>
        FailsOutcome(outcome)
            ? throw new StateException("this outcome cannot be written, as told")
            : CallAsync(() => store.FinishJobAsync(job, outcome, now, cancellation));

    public Task<IReadOnlyList<JobId>> RequeueJobsAsync(JobId? job, DateTimeOffset now, CancellationToken cancellation) => CallAsync(() => store.RequeueJobsAsync(job, now, cancellation));

    public Task<JobRecord?> CancelJobAsync(JobId job, string reason, DateTimeOffset now, CancellationToken cancellation) => CallAsync(() => store.CancelJobAsync(job, reason, now, cancellation));

    public Task<JobRecord?> GetJobAsync(JobId job, CancellationToken cancellation) => CallAsync(() => store.GetJobAsync(job, cancellation));

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobQuery query, CancellationToken cancellation) => CallAsync(() => store.ListJobsAsync(query, cancellation));

    public Task<IReadOnlyDictionary<string, int>> CountWaitingJobsAsync(CancellationToken cancellation) => CallAsync(() => store.CountWaitingJobsAsync(cancellation));

    public Task<int> PurgeJobsAsync(DateTimeOffset endedBefore, CancellationToken cancellation) => CallAsync(() => store.PurgeJobsAsync(endedBefore, cancellation));

    public Task<long> AppendEventsAsync(IReadOnlyList<PleiadEvent> events, CancellationToken cancellation) => CallAsync(() => store.AppendEventsAsync(events, cancellation));

    public Task<IReadOnlyList<PleiadEvent>> ListEventsAsync(EventQuery query, CancellationToken cancellation) => CallAsync(() => store.ListEventsAsync(query, cancellation));

    public Task PurgeEventsAsync(int keep, CancellationToken cancellation) => DoAsync(() => store.PurgeEventsAsync(keep, cancellation));

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private Task<bool> DoAsync(Func<Task> call, [CallerMemberName] string name = "") => CallAsync(
        async () =>
        {
            await call();
            return true;
        },
        name);

    private async Task<T> CallAsync<T>(Func<Task<T>> call, [CallerMemberName] string name = "")
    {
        await Before(name);
        if (Out || FailsBefore(name))
        {
            throw new StateException($"{name} fails as told, before it did anything");
        }

        var answer = await call();
        await After(name);
        return FailsAfter(name) ? throw new StateException($"{name} fails as told, after it was carried out") : answer;
    }
}
