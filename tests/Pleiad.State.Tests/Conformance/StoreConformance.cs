using System.Net;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

/// <summary>What every database has to hold to; one file per topic beside this one. Each test has a new, empty database.</summary>
public abstract partial class StoreConformance : IAsyncLifetime
{
    protected static readonly DateTimeOffset Noon = new(2026, 3, 29, 12, 0, 0, 123, TimeSpan.Zero);

    private readonly List<IStateStore> _opened = [];

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The database of this test.</summary>
    protected string Address { get; private set; } = "";

    /// <summary>A store on it, with its tables.</summary>
    protected IStateStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Address = await NewDatabaseAsync();
        Store = Open();
        await Store.MigrateAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _opened)
        {
            await store.DisposeAsync();
        }

        await RemoveDatabaseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Another store on the same database, as a second server would have.</summary>
    protected IStateStore Open()
    {
        var store = StateStores.Open(Address);
        _opened.Add(store);
        return store;
    }

    protected abstract Task<string> NewDatabaseAsync();

    protected abstract ValueTask RemoveDatabaseAsync();

    /// <summary>Runs a statement past the store, as a person with sqlite3 or psql would.</summary>
    protected abstract Task<object?> ExecuteAsync(string sql);

    protected static DateTimeOffset At(double seconds) => Noon.AddMilliseconds(Math.Round(seconds * 1000));

    protected static MachineAddress Machine(int last, int port = 8080) => new(IPAddress.Parse($"10.77.0.{last}"), port);

    protected static MachineAddress[] Machines(int count) => [.. Enumerable.Range(2, count).Select(last => Machine(last))];

    protected static Task<T[]> AllAtOnceAsync<T>(int count, Func<int, Task<T>> call) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Run(() => call(number))));

    protected static JobRecord Job(string name, string service = "primes") => new(JobId.New(Noon), service, name, "GET", $"/primes?n={name.Length}", Noon);

    /// <summary>Submits jobs one after another, with the service they are for.</summary>
    protected async Task<JobRecord[]> SubmitAsync(params string[] names)
    {
        await Store.PutServiceAsync(new ServiceSpec("primes", "primes-unikernel"), Token);
        var jobs = new List<JobRecord>();
        foreach (var name in names)
        {
            jobs.Add((await Store.SubmitJobAsync(Job(name), Token)).Job);
        }

        return [.. jobs];
    }

    protected async Task<JobRecord[]> SubmitAndTakeAsync(params string[] names)
    {
        await SubmitAsync(names);
        return await TakeAsync("primes", names.Length, At(1));
    }

    /// <summary>Takes jobs one after another until there are so many or none waits.</summary>
    protected async Task<JobRecord[]> TakeAsync(string service, int count, DateTimeOffset now)
    {
        var taken = new List<JobRecord>();
        while (taken.Count < count && await Store.TakeJobAsync(service, Taker, now, Token) is { } job)
        {
            taken.Add(job);
        }

        return [.. taken];
    }

    /// <summary>The machine that jobs are taken for.</summary>
    protected static MachineId Taker { get; } = MachineId.New();
}
