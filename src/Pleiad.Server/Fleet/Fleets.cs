using System.Collections.Concurrent;
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

namespace Pleiad.Server.Fleet;

/// <summary>All services that run here: applies and removes them one at a time, and finds them for gateway, jobs and API.</summary>
internal sealed class Fleets(FleetContext context, ImageStore images, string dataDirectory) : IServiceDirectory, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, RunningService> _services = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _change = new(1, 1);
    private SystemSettings _settings = new();
    private bool _started;

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
            try
            {
                Begin(spec, AppliedImage(spec) ?? throw new ImageStoreException(ImageStoreFailure.NotFound, $"image {spec.Image} is not in the store; build or import it"));
            }
            catch (ImageStoreException error)
            {
                context.Events.Record(EventKind.MachineStartFailed, $"the service does not run: {error.Message}; then apply it again", spec.Name);
            }
        }
    }

    /// <summary>Whether a machine that an earlier run started still is what its service wants.</summary>
    internal bool Wants(MachineOrder order) => Get(order.Service)?.Fleet.Image.Digest == order.Image.Digest;

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
    }

    /// <summary>Adds or changes a service.</summary>
    /// <returns>True when it is new.</returns>
    /// <exception cref="InvalidInputException">Its image is not in the store; nothing was changed.</exception>
    internal async Task<bool> ApplyAsync(ServiceSpec spec, CancellationToken cancellation)
    {
        var image = images.Find(spec.Image) ?? throw new InvalidInputException(
            "service " + spec.Name,
            new InputProblem("image", spec.Image, "is not in the image store", $"known: {Known()}; build or import it with 'pleiad image'"));
        await _change.WaitAsync(cancellation);
        try
        {
            var isNew = await context.Store.PutServiceAsync(spec, cancellation);
            await images.PinAsync(image.Manifest.Name, image.Digest, Owner(spec.Name), cancellation);
            await images.UnpinAsync(Owner(spec.Name), keep: image.Digest, cancellation);
            if (Get(spec.Name) is { } running)
            {
                running.Spec = spec;
                running.Fleet.Apply(spec.Effective(_settings), image);
            }
            else
            {
                Begin(spec, image);
            }

            context.Events.Record(EventKind.ServiceApplied, $"image {spec.Image} ({image.Digest[..19]}…)", spec.Name);
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
        await _change.WaitAsync(cancellation);
        try
        {
            var reason = $"service {name} was removed";
            var known = await context.Store.RemoveServiceAsync(name, reason, context.Time.GetUtcNow(), cancellation);
            if (_services.TryRemove(name, out var running))
            {
                await running.EndAsync(reason, drainTimeout);
            }

            await images.UnpinAsync(Owner(name), cancellation: cancellation);
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
        await _change.WaitAsync(cancellation);
        try
        {
            await context.Store.SetSettingAsync(key, value, cancellation);
            _settings = await context.Store.GetSettingsAsync(cancellation);
            context.Events.Record(EventKind.SettingChanged, $"{key.Key} is {value} {key.Unit}");
            foreach (var service in _services.Values)
            {
                service.Fleet.Apply(service.Spec.Effective(_settings), service.Fleet.Image);
            }
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>The machine and its service, or null.</summary>
    internal (RunningService Service, FleetMachine Machine)? FindMachine(MachineId id) =>
        All.SelectMany(service => service.Fleet.Machines.Where(machine => machine.Id == id).Select(machine => ((RunningService, FleetMachine)?)(service, machine))).FirstOrDefault();

    /// <summary>Ends the work of all services; with <paramref name="keepMachines"/> their machines stay for the next server.</summary>
    internal async Task EndAsync(string reason, TimeSpan drainTimeout, bool keepMachines)
    {
        await Task.WhenAll(_services.Values.Select(service => keepMachines ? service.CloseAsync() : service.EndAsync(reason, drainTimeout)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.Values)
        {
            await service.DisposeAsync();
        }

        _change.Dispose();
    }

    private void Begin(ServiceSpec spec, StoredImage image)
    {
        var fleet = new ServiceFleet(context, spec.Effective(_settings), image);
        _services[spec.Name] = new RunningService(spec, fleet, new JobPump(context, fleet));
        if (_started)
        {
            fleet.Start();
        }
    }

    private ImageOwner Owner(string service) => new(dataDirectory, service);

    /// <summary>The image a service was applied with, also when its name stands for another by now; a new one is taken up by applying the service again.</summary>
    private StoredImage? AppliedImage(ServiceSpec spec) =>
        images.Pins().FirstOrDefault(pin => pin.Owner == Owner(spec.Name)) is { } pin ? images.Get(pin.Digest) : images.Find(spec.Image);

    private string Known() => string.Join(", ", images.List().Select(image => image.Manifest.Name)) is { Length: > 0 } names ? names : "none yet";
}

/// <summary>A service with its machines and its jobs.</summary>
internal sealed class RunningService(ServiceSpec spec, ServiceFleet fleet, JobPump jobs) : IAsyncDisposable
{
    internal string Name => Spec.Name;

    internal ServiceSpec Spec { get; set; } = spec;

    internal ServiceFleet Fleet { get; } = fleet;

    internal JobPump Jobs { get; } = jobs;

    internal async Task CloseAsync()
    {
        await Fleet.CloseAsync();
        await Jobs.DisposeAsync();
    }

    internal async Task EndAsync(string reason, TimeSpan drainTimeout)
    {
        await Fleet.EndAsync(reason, drainTimeout);
        await Jobs.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        await Jobs.DisposeAsync();
    }
}
