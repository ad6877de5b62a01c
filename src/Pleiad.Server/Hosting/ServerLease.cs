using Pleiad.Core.Documents;
using Pleiad.State;

namespace Pleiad.Server.Hosting;

/// <summary>
/// The right to run the services of a store: one server at a time. Renewed in good time; when it cannot be renewed before it ends, the server must stop, because another may begin.
/// </summary>
/// <remarks>
/// A database server that this server cannot reach may well be reached by another. A file that cannot be written, mostly for a full disk, can be written by nobody: there the
/// server works on with the machines it has and goes on trying; should somebody else begin once the file can be written again, the next renewal tells and this server stops.
/// </remarks>
internal sealed class ServerLease : IAsyncDisposable
{
    private const string Name = "server";
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(4);

    private readonly IStateStore _store;
    private readonly string _holder;
    private readonly bool _storeIsFile;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewal;

    private ServerLease(IStateStore store, string holder, bool storeIsFile, TimeProvider time)
    {
        _store = store;
        _holder = holder;
        _storeIsFile = storeIsFile;
        _time = time;
        _renewal = Task.Run(RenewAsync);
    }

    /// <summary>Fails when the lease is lost; never completes otherwise while the server runs.</summary>
    internal Task Lost => _renewal;

    /// <summary>Takes the lease.</summary>
    /// <param name="store">The store to run.</param>
    /// <param name="holder">The same after a restart, another for each server: a server takes up its own lease again at once.</param>
    /// <param name="storeIsFile">Whether the store is a file of this machine.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="InvalidInputException">Another server has it.</exception>
    internal static async Task<ServerLease> TakeAsync(IStateStore store, string holder, bool storeIsFile, TimeProvider time, CancellationToken cancellation)
    {
        var lease = await store.AcquireLeaseAsync(Name, holder, time.GetUtcNow(), Duration, cancellation);
        return lease.Granted
            ? new ServerLease(store, holder, storeIsFile, time)
            : throw new InvalidInputException("--state", new InputProblem(
                "server", lease.Holder, $"runs the services of this store, at least until {lease.Expires:HH:mm:ss} UTC", "stop that server, or give another store with --state"));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _renewal.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        try
        {
            await _store.ReleaseLeaseAsync(Name, _holder, CancellationToken.None).WaitAsync(Duration, _time);
        }
        catch (Exception error) when (error is StateException or TimeoutException)
        {
            // It ends by itself soon.
        }
    }

    private async Task RenewAsync()
    {
        string? taken = null;
        var until = _time.GetUtcNow() + Duration;
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(RenewInterval, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            var now = _time.GetUtcNow();
            try
            {
                // A store that does not answer at all is noticed in time, too.
                var left = until - RenewInterval - now;
                var lease = await _store.AcquireLeaseAsync(Name, _holder, now, Duration, _stop.Token).WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, _stop.Token);
                if (!lease.Granted)
                {
                    taken = lease.Holder;
                    throw new StateException($"another server, {lease.Holder}, runs the services of this store, as this one did not renew its lease in time; this one ends");
                }

                until = now + Duration;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (StateException) when (taken is null && _storeIsFile)
            {
                // Nobody can take the lease from a file that nobody can write.
                until = _time.GetUtcNow() + Duration;
            }
            catch (Exception error) when (taken is null)
            {
                // The store may be back before the lease ends.
                if (_time.GetUtcNow() >= until - RenewInterval)
                {
                    throw new StateException(
                        $"the store did not renew this server's lease for {Duration.TotalSeconds - RenewInterval.TotalSeconds:0} s, so another server may begin and this one ends: {error.Message}", error);
                }
            }
        }
    }
}
