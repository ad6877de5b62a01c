using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Core.Settings;

namespace Pleiad.State;

/// <summary>
/// What must survive a crash: settings, services, the address pool, jobs, events, and the last report of each machine.
/// SQLite and PostgreSQL keep the same tables and hold to the same tests. Each call is one transaction and durable when it returns.
/// A cancelled call either did nothing or returns what it did. Times are kept to the millisecond, UTC; docs/state.md has the tables.
/// Errors of the database itself come as <see cref="StateException"/>; disposing waits for the calls under way.
/// </summary>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>Makes or upgrades the tables; safe to repeat and safe while another server does the same.</summary>
    Task MigrateAsync(CancellationToken cancellation);

    /// <summary>
    /// Takes or renews the lease <paramref name="name"/> for <paramref name="holder"/> until <paramref name="now"/> + <paramref name="duration"/>.
    /// Free, expired, or already the holder's: granted, with an epoch that grows by one each time the holder changes.
    /// </summary>
    Task<Lease> AcquireLeaseAsync(string name, string holder, DateTimeOffset now, TimeSpan duration, CancellationToken cancellation);

    /// <summary>Gives the lease back if <paramref name="holder"/> still has it.</summary>
    Task ReleaseLeaseAsync(string name, string holder, CancellationToken cancellation);

    /// <summary>The settings in force.</summary>
    /// <exception cref="StateException">Also when someone put a value out of range into <c>system_params</c> by hand; it names the setting.</exception>
    Task<SystemSettings> GetSettingsAsync(CancellationToken cancellation);

    /// <summary>Sets one setting; the value was checked by <see cref="SettingKey.Parse"/>.</summary>
    Task SetSettingAsync(SettingKey key, long value, CancellationToken cancellation);

    /// <summary>All services by name.</summary>
    Task<IReadOnlyList<ServiceSpec>> ListServicesAsync(CancellationToken cancellation);

    /// <summary>Adds or replaces a service.</summary>
    /// <returns>True when it is new.</returns>
    Task<bool> PutServiceAsync(ServiceSpec service, CancellationToken cancellation);

    /// <summary>Removes a service; its waiting and running jobs end as cancelled with the given reason.</summary>
    /// <returns>False when there was none.</returns>
    Task<bool> RemoveServiceAsync(string name, string reason, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Makes the pool hold exactly these addresses, keeping the state of those it already had; one in use that is not among them goes when it is released.</summary>
    Task SetAddressPoolAsync(IReadOnlyList<MachineAddress> addresses, CancellationToken cancellation);

    /// <summary>
    /// Reserves a free address: one that is wished for before all others, one that is not wanted after them, and among equals the one that has been free longest, one never
    /// used before any other; a machine that holds one already gets that one.
    /// </summary>
    /// <returns>Null when none is free.</returns>
    Task<PooledAddress?> ReserveAddressAsync(MachineId machine, AddressWish wish, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Marks a reserved address as taken by a machine that answers.</summary>
    /// <returns>False when <paramref name="machine"/> no longer holds it.</returns>
    Task<bool> TakeAddressAsync(MachineId machine, CancellationToken cancellation);

    /// <summary>Frees whatever address the machine holds.</summary>
    Task ReleaseAddressAsync(MachineId machine, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>The whole pool in order of address.</summary>
    Task<IReadOnlyList<PooledAddress>> ListAddressesAsync(CancellationToken cancellation);

    /// <summary>Writes the last reports of machines, adding rows that are new (table <c>vmachine</c>).</summary>
    Task ReportMachinesAsync(IReadOnlyList<MachineReport> reports, CancellationToken cancellation);

    /// <summary>Removes machines that are gone from <c>vmachine</c>.</summary>
    Task RemoveMachinesAsync(IReadOnlyList<MachineId> machines, CancellationToken cancellation);

    /// <summary>The last report of each machine.</summary>
    Task<IReadOnlyList<MachineReport>> ListMachinesAsync(CancellationToken cancellation);

    /// <summary>
    /// Accepts a job. A second submission with the same service and name and the same request returns the first job, so that a client that lost the answer may ask again.
    /// </summary>
    /// <returns>The outcome with the job as it is kept now.</returns>
    Task<JobSubmission> SubmitJobAsync(JobRecord job, CancellationToken cancellation);

    /// <summary>
    /// Takes the oldest waiting job of a service for a machine that has a free slot: marks it running and sent to that machine at <paramref name="now"/>; its attempts grow by one.
    /// No two callers get the same job (PostgreSQL: <c>FOR UPDATE SKIP LOCKED</c>).
    /// </summary>
    /// <returns>The job with its request's body, or null when none waits.</returns>
    Task<JobRecord?> TakeJobAsync(string service, MachineId machine, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Ends a running job as done or failed, once.</summary>
    /// <returns>False when it was no longer running (cancelled, or ended before): nothing was changed.</returns>
    Task<bool> FinishJobAsync(JobId job, JobOutcome outcome, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Puts running jobs back to waiting, with no machine: one, or with null all (at the start of a server that holds the lease).</summary>
    /// <returns>The jobs put back.</returns>
    Task<IReadOnlyList<JobId>> RequeueJobsAsync(JobId? job, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>Cancels a waiting or running job.</summary>
    /// <returns>The job as it is now, or null when there is none; an ended job stays as it was.</returns>
    Task<JobRecord?> CancelJobAsync(JobId job, string reason, DateTimeOffset now, CancellationToken cancellation);

    /// <summary>One job with its result, or null.</summary>
    Task<JobRecord?> GetJobAsync(JobId job, CancellationToken cancellation);

    /// <summary>Jobs in order of submission, without request and result bodies.</summary>
    Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobQuery query, CancellationToken cancellation);

    /// <summary>Waiting jobs of each service that has any.</summary>
    Task<IReadOnlyDictionary<string, int>> CountWaitingJobsAsync(CancellationToken cancellation);

    /// <summary>Removes jobs that ended before the given time.</summary>
    /// <returns>How many.</returns>
    Task<int> PurgeJobsAsync(DateTimeOffset endedBefore, CancellationToken cancellation);

    /// <summary>Records events in the order given.</summary>
    /// <returns>The id of the last.</returns>
    Task<long> AppendEventsAsync(IReadOnlyList<PleiadEvent> events, CancellationToken cancellation);

    /// <summary>Events by ascending id.</summary>
    Task<IReadOnlyList<PleiadEvent>> ListEventsAsync(EventQuery query, CancellationToken cancellation);

    /// <summary>Keeps only the newest <paramref name="keep"/> events.</summary>
    Task PurgeEventsAsync(int keep, CancellationToken cancellation);
}
