using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Documents;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Core.Settings;
using Pleiad.Gateway.Dispatch;
using Pleiad.Gateway.Front;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Jobs;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>All services that run here: applies and removes them one at a time, and finds them for gateway, jobs and API.</summary>
internal sealed partial class Fleets(FleetContext context, ImageStore images, string dataDirectory) : IServiceDirectory, IAsyncDisposable
{
    /// <summary>Longest wait for the image store where nobody asked for anything and it can be done later.</summary>
    private static readonly TimeSpan ImageWaitMax = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, RunningService> _services = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _change = new(1, 1);
    private readonly ServiceImages _pins = new(images, dataDirectory);
    private SystemSettings _settings = new();
    private volatile RunningService? _removing;
    private bool _started;
    private bool _closed;

    /// <summary>All services by name.</summary>
    internal IReadOnlyList<RunningService> All => [.. _services.Values.OrderBy(service => service.Name, StringComparer.Ordinal)];

    /// <summary>The settings in force.</summary>
    internal SystemSettings Settings => _settings;

    /// <inheritdoc/>
    public IDispatcher? Find(string service) => Get(service)?.Fleet.Dispatcher;

    /// <inheritdoc/>
    public string? WhyUnavailable(string service) => Get(service)?.Fleet.Problem;

    /// <summary>One service, or null.</summary>
    internal RunningService? Get(string name) => _services.TryGetValue(name, out var service) ? service : null;

    /// <summary>Begins with the services of the store; one whose image is away waits for it with a problem that says so.</summary>
    internal async Task LoadAsync(CancellationToken cancellation)
    {
        _settings = await context.Store.GetSettingsAsync(cancellation);
        foreach (var spec in await context.Store.ListServicesAsync(cancellation))
        {
            var image = await _pins.AppliedAsync(spec, cancellation);
            Begin(spec, image, _pins.Former(spec.Name, image.Digest));
            if (image.Problem is { } problem)
            {
                context.Events.Record(EventKind.MachineStartFailed, $"no machine can start: {problem}", spec.Name);
            }
        }
    }

    /// <summary>Looks again for images that could not be used.</summary>
    internal Task RetryImagesAsync(CancellationToken cancellation) => TendAsync(
        service => service.Fleet.Image.Stored is null,
        async (service, limited) => service.Fleet.Apply(service.Fleet.Service, await _pins.AppliedAsync(service.Spec, limited), service.Fleet.ChangeSeen?.Former),
        cancellation);

    /// <summary>Lets go of images that services were changed from, and of what failed to be let go.</summary>
    internal Task SettleImagesAsync(CancellationToken cancellation) =>
        TendAsync(service => !service.IsSettled, (service, limited) => SettleAsync(service.Name, service, limited), cancellation);

    /// <summary>Whether a machine that an earlier run started still is what its service wants.</summary>
    internal bool Wants(MachineOrder order) => Get(order.Service)?.Fleet.Wants(order.Image.Digest) == true;

    /// <summary>Every machine that somebody here follows to its end, those of a service that is being removed included.</summary>
    internal HashSet<MachineId> Followed()
    {
        // What is being removed last: a service goes there before it leaves the others.
        var services = _services.Values.ToList();
        return [.. (_removing is { } removing ? services.Append(removing) : services).SelectMany(service => service.Fleet.Machines).Select(machine => machine.Id)];
    }

    /// <summary>Begins to plan, send and replace; machines of an earlier run were adopted before.</summary>
    internal void Start(IEnumerable<IMachine> adopted)
    {
        foreach (var machine in adopted)
        {
            Get(machine.Snapshot.Service)!.Fleet.Adopt(machine);
        }

        foreach (var service in _services.Values)
        {
            service.Fleet.Start();
        }

        _started = true;
        Prepare();
    }

    /// <summary>Adds or changes a service.</summary>
    /// <returns>True when it is new.</returns>
    /// <exception cref="InvalidInputException">Its image is not in the store; nothing was changed.</exception>
    internal async Task<bool> ApplyAsync(ServiceSpec spec, CancellationToken cancellation)
    {
        var image = images.Find(spec.Image) ?? throw new InvalidInputException(
            "service " + spec.Name,
            new InputProblem("image", spec.Image, "is not in the image store", $"known: {Known()}; build or import it with 'pleiad image'"));
        await ChangeAsync(cancellation);
        try
        {
            var next = FleetImage.Of(image);
            var service = spec.Effective(_settings);
            var running = Get(spec.Name);
            var former = running?.Fleet.FormerOf(next, service) is { Stored: not null } usable ? usable : null;

            // What an earlier change left must not be taken for this one's.
            await SettledFirstAsync(spec.Name, running, cancellation);
            var isNew = await WriteAsync(spec, image, former?.Stored, running, cancellation);
            context.Events.Record(EventKind.ServiceApplied, $"image {next}", spec.Name);
            if (running is not null)
            {
                running.Spec = spec;
                running.Fleet.Apply(service, next, former);
            }
            else
            {
                running = Begin(spec, next, former: null);
            }

            Prepare();
            await _pins.TakeAsync(spec.Name, image, CancellationToken.None);
            await TrySettleAsync(spec.Name, running);
            return isNew;
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Removes a service: what waits is refused, what is in work may end, jobs are cancelled, machines end.</summary>
    /// <returns>False when there is none.</returns>
    internal async Task<bool> RemoveAsync(string name, TimeSpan drainTimeout, CancellationToken cancellation)
    {
        await ChangeAsync(cancellation);
        try
        {
            var reason = $"service {name} was removed";
            var known = await context.Store.RemoveServiceAsync(name, reason, context.Time.GetUtcNow(), cancellation);
            if (Get(name) is { } running)
            {
                _removing = running;
                _services.TryRemove(name, out _);
                try
                {
                    await running.EndAsync(reason, drainTimeout);
                    await running.DisposeAsync();
                }
                finally
                {
                    _removing = null;
                }

                Prepare();
            }

            await TrySettleAsync(name, running: null);
            if (known)
            {
                context.Events.Record(EventKind.ServiceRemoved, "removed by request", name);
            }

            return known;
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Changes a system-wide default; services that do not set their own value follow at once.</summary>
    internal async Task SetAsync(SettingKey key, long value, CancellationToken cancellation)
    {
        await ChangeAsync(cancellation);
        try
        {
            await context.Store.SetSettingAsync(key, value, cancellation);
            _settings = new SystemSettings(SettingKey.All.ToDictionary(one => one.Key, one => one == key ? value : _settings[one]));
            context.Events.Record(EventKind.SettingChanged, $"{key.Key} is {value} {key.Unit}");
            foreach (var service in _services.Values)
            {
                service.Fleet.Apply(service.Spec.Effective(_settings), service.Fleet.Image, service.Fleet.ChangeSeen?.Former);
            }

            Prepare();
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>The machine and its service, or null.</summary>
    internal (RunningService Service, FleetMachine Machine)? FindMachine(MachineId id) =>
        All.SelectMany(service => service.Fleet.Machines.Where(machine => machine.Id == id).Select(machine => ((RunningService, FleetMachine)?)(service, machine))).FirstOrDefault();

    /// <summary>Ends the work of all services; with <paramref name="keepMachines"/> their machines stay for the next server. Nothing can be changed any more.</summary>
    internal async Task EndAsync(string reason, TimeSpan drainTimeout, bool keepMachines)
    {
        await _change.WaitAsync(CancellationToken.None); // A removal under way is bounded by its own drain.
        _closed = true;
        _change.Release();
        await Task.WhenAll(_services.Values.Select(service => keepMachines ? service.LeaveAsync(drainTimeout) : service.EndAsync(reason, drainTimeout)));
        await SettleLastAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.Values)
        {
            await service.DisposeAsync();
        }

        _change.Dispose();
    }

    /// <summary>A change that is over must not look unfinished to the next server, which would start machines of the former image.</summary>
    private async Task SettleLastAsync()
    {
        try
        {
            await LimitedAsync(
                async limited =>
                {
                    await _change.WaitAsync(limited);
                    try
                    {
                        foreach (var service in _services.Values.Where(service => !service.IsSettled))
                        {
                            await SettleAsync(service.Name, service, limited);
                        }
                    }
                    finally
                    {
                        _change.Release();
                    }
                },
                CancellationToken.None);
        }
        catch (ImageStoreException error)
        {
            LogUnpinLast(context.Logger, error);
        }
    }

    /// <summary>Does something about each service that needs it. Those who ask for changes go first: what cannot be done at once is done in another round.</summary>
    private async Task TendAsync(Func<RunningService, bool> needs, Func<RunningService, CancellationToken, Task> tend, CancellationToken cancellation)
    {
        foreach (var service in All.Where(needs))
        {
            if (!await _change.WaitAsync(TimeSpan.Zero, cancellation))
            {
                return;
            }

            try
            {
                if (Get(service.Name) == service && needs(service))
                {
                    await LimitedAsync(limited => tend(service, limited), cancellation);
                    Prepare();
                }
            }
            finally
            {
                _change.Release();
            }
        }
    }

    private async Task LimitedAsync(Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(ImageWaitMax, context.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await work(either.Token);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new ImageStoreException(ImageStoreFailure.Busy, $"another process has used {images.StoreDirectory} for {ImageWaitMax.TotalSeconds:0} s", error);
        }
    }

    private async Task ChangeAsync(CancellationToken cancellation)
    {
        await _change.WaitAsync(cancellation);
        if (_closed)
        {
            _change.Release();
            throw new StateException("the server stops; ask the next one");
        }
    }

    private RunningService Begin(ServiceSpec spec, FleetImage image, FleetImage? former)
    {
        var fleet = new ServiceFleet(context, spec.Effective(_settings), image, former);
        var service = new RunningService(spec, fleet, new JobPump(context, fleet));
        _services[spec.Name] = service;
        if (_started)
        {
            fleet.Start();
        }

        return service;
    }

    /// <summary>Tells the host which images' machines are to start quickly.</summary>
    private void Prepare()
    {
        if (_started)
        {
            context.Host.Prepare(
            [
                // Until a change is over its former image too: it may have to carry the work.
                .. _services.Values.SelectMany(service => new[] { service.Fleet.Image, service.Fleet.ChangeSeen?.Former }
                    .Where(image => image?.Stored is not null)
                    .Select(image => new WarmImage(image!.Stored!, service.Fleet.Service.Start, service.Fleet.Service.Spares))),
            ]);
        }
    }

    /// <summary>Writes a service whose images are kept before; when that fails, nothing of it is left.</summary>
    private async Task<bool> WriteAsync(ServiceSpec spec, StoredImage next, StoredImage? former, RunningService? running, CancellationToken cancellation)
    {
        try
        {
            running?.Pinned = null;
            await _pins.OfferAsync(spec.Name, next, former, cancellation);
            return await context.Store.PutServiceAsync(spec, cancellation);
        }
        catch
        {
            await TrySettleAsync(spec.Name, running);
            throw;
        }
    }

    private async Task SettledFirstAsync(string name, RunningService? running, CancellationToken cancellation)
    {
        try
        {
            await SettleAsync(name, running, cancellation);
        }
        catch (ImageStoreException error) when (error.Failure == ImageStoreFailure.Damaged)
        {
            // A file that cannot be read keeps all pins from being let go, until a person deletes it; services can be changed meanwhile.
            LogUnpin(context.Logger, name, error);
        }
    }

    /// <summary>Lets go of images; one that stays pinned is let go by the monitor, so failing is no reason to refuse what is done already.</summary>
    private async Task TrySettleAsync(string name, RunningService? running)
    {
        try
        {
            await SettleAsync(name, running, CancellationToken.None);
        }
        catch (ImageStoreException error)
        {
            LogUnpin(context.Logger, name, error);
        }
    }

    private async Task SettleAsync(string name, RunningService? running, CancellationToken cancellation)
    {
        if (running is null)
        {
            await _pins.SettleAsync(name, applied: null, former: null, cancellation);
        }
        else if (!running.IsSettled)
        {
            var (image, former) = (running.Fleet.Image, running.Fleet.ChangeSeen?.Former.Digest);
            await _pins.SettleAsync(name, image, former, cancellation);
            running.Pinned = (image.Digest, former);
        }
    }

    private string Known() => string.Join(", ", images.List().Select(image => image.Manifest.Name)) is { Length: > 0 } names ? names : "none yet";

    [LoggerMessage(4120, LogLevel.Warning, "Service {Service} could not let go of an image")]
    private static partial void LogUnpin(ILogger logger, string service, Exception error);

    [LoggerMessage(4121, LogLevel.Warning, "Images that are not needed stay pinned until the next server's start; it may go on with a change that is over")]
    private static partial void LogUnpinLast(ILogger logger, Exception error);
}
