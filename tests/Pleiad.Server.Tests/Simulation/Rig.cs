using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Gateway.Transport;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Events;
using Pleiad.Server.Fleet;
using Pleiad.Server.Hosting;
using Pleiad.Server.Jobs;
using Pleiad.Server.Tests.Running;
using Pleiad.State;
using Pleiad.TestKit;
using Shouldly;
using Monitor = Pleiad.Server.Fleet.Monitor;

namespace Pleiad.Server.Tests.Simulation;

/// <summary>Everything of a server between its API and its host: fleets, jobs, monitor, events and a real store; only the machines are not real and time is fast.</summary>
internal sealed class Rig : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("rig");
    private readonly MachineTransport _transport;

    private Rig(int seed, int addresses, int speed)
    {
        Chance = new FakeChance(seed);
        Time = new FastTime(speed);
        Host = new FakeHost(addresses, Time, Chance);
        Real = StateStores.Open($"sqlite:{_directory.File("state.db")}");
        Store = new FaultyStore(Real);
        Images = new ImageStore(_directory.File("images"));
        Events = new EventLog(Store, Time, NullLogger<EventLog>.Instance);
        _transport = new MachineTransport(new HostConnector(Host), null, Time);
        Context = new FleetContext(Store, Host, _transport, Events, new JobEnds(Store, Time), Time, NullLogger.Instance) { MemoryAvailableBytes = () => MemoryAvailableBytes() };
        Directory.CreateDirectory(Data);
        (Fleets, Monitor) = NewParts();
    }

    internal string Data => _directory.File("data");

    internal FakeChance Chance { get; }

    internal TimeProvider Time { get; }

    internal FakeHost Host { get; }

    /// <summary>The store without faults.</summary>
    internal IStateStore Real { get; }

    internal FaultyStore Store { get; }

    internal ImageStore Images { get; }

    internal EventLog Events { get; }

    internal FleetContext Context { get; }

    internal Func<long> MemoryAvailableBytes { get; set; } = () => 1L << 40;

    internal Fleets Fleets { get; private set; }

    internal Monitor Monitor { get; private set; }

    internal static async Task<Rig> StartAsync(int seed = 1, int addresses = 40, int speed = 20)
    {
        var rig = new Rig(seed, addresses, speed);
        await rig.Real.MigrateAsync(default);
        await rig.Real.SetAddressPoolAsync(rig.Host.Addresses, default);
        await SilentImage.ImportAsync(rig._directory.Path, rig.Images, "image");
        await SilentImage.ImportAsync(rig._directory.Path, rig.Images, "next", memoryMiB: 3);
        await SilentImage.ImportAsync(rig._directory.Path, rig.Images, "third", memoryMiB: 4);
        await rig.Fleets.LoadAsync(default);
        rig.Fleets.Start([]);
        rig.Monitor.Start();
        return rig;
    }

    /// <summary>Ends the fleets and begins again from store, images and, when they are kept, machines.</summary>
    internal async Task RestartAsync(bool keepMachines = false)
    {
        await Fleets.EndAsync("the test begins again", TimeSpan.FromSeconds(20), keepMachines);
        await Monitor.DisposeAsync();
        await Fleets.DisposeAsync();
        (Fleets, Monitor) = NewParts();
        await Fleets.LoadAsync(default);
        var wanted = Host.Live.Where(machine => machine.Snapshot.State == MachineState.Ready).ToLookup(machine => Fleets.Wants(machine.Order));
        foreach (var machine in Host.Live.Except(wanted[true]))
        {
            await machine.StopAsync();
            await Real.ReleaseAddressAsync(machine.Order.Id, Time.GetUtcNow(), default);
        }

        Fleets.Start(wanted[true]);
        Monitor.Start();
    }

    internal Task<bool> ApplyAsync(string keys = "", string name = "work", string image = "image") =>
        Fleets.ApplyAsync(ServiceDocument.Parse($"name: {name}\nimage: {image}\n{keys}\n", "test"), default);

    /// <summary>Another image, or another one of the same name.</summary>
    /// <returns>Its digest.</returns>
    internal async Task<string> ImportAsync(string name, int memoryMiB) => (await SilentImage.ImportAsync(_directory.Path, Images, name, memoryMiB)).Digest;

    internal ServiceFleet Fleet(string name = "work") => Fleets.Get(name)!.Fleet;

    internal async Task<JobId> SubmitAsync(string name, string service = "work")
    {
        var now = Time.GetUtcNow();
        var job = (await Real.SubmitJobAsync(new JobRecord(JobId.New(now), service, name, "GET", "/" + name, now), default)).Job;
        Fleets.Get(service)?.Jobs.Added();
        return job.Id;
    }

    internal async Task<JobRecord> JobAsync(JobId id) => (await Real.GetJobAsync(id, default))!;

    internal Task EndsAsync(JobId id) => UntilAsync(async () => (await JobAsync(id)).State is not (JobState.Waiting or JobState.Running));

    internal Task ReadyAsync(int machines, string name = "work") => UntilAsync(() => Task.FromResult(Fleet(name).Dispatcher.Observe().Machines.Count(machine => !machine.Draining) == machines));

    internal Task UntilAsync(Func<Task<bool>> condition) => Eventually.BecomesTrueAsync(condition, TimeSpan.FromSeconds(30), DescribeAsync);

    internal async Task<string> DescribeAsync()
    {
        var services = Fleets.All.Select(service => $"{service.Name}: {service.Fleet.LastPlan}; problem: {service.Fleet.Problem}; {service.Fleet.Dispatcher.Observe()}; machines: "
            + string.Join(", ", service.Fleet.Machines.Select(machine => $"{machine.Id} {machine.Machine?.Snapshot.State} {machine.StopReason}")));
        var jobs = (await Real.ListJobsAsync(new JobQuery(Limit: 1000), default)).GroupBy(job => job.State).Select(group => $"{group.Count()} {group.Key}");
        var events = await Real.ListEventsAsync(new EventQuery(Newest: true, Limit: 40), default);
        return string.Join("\n", [.. services, string.Join(", ", jobs), .. events.Select(one => $"{one.Kind} {one.Machine} {one.Job} {one.Reason}")]);
    }

    /// <summary>Nothing is held by anything but the machines of services that run.</summary>
    internal async Task HoldsNothingElseAsync()
    {
        await UntilAsync(async () =>
        {
            var fleet = Fleets.All.SelectMany(service => service.Fleet.Machines).Select(machine => machine.Id).Order(ById).ToList();
            var held = (await Real.ListAddressesAsync(default)).Where(address => address.State != AddressState.Free).Select(address => address.Machine!.Value).Order(ById).ToList();
            var rows = (await Real.ListMachinesAsync(default)).Select(machine => machine.Id).Order(ById).ToList();
            var slots = Fleets.All.SelectMany(service => service.Fleet.Dispatcher.Observe().Machines).Select(machine => machine.Machine).Order(ById).ToList();
            var live = Host.Live.Select(machine => machine.Order.Id).Order(ById).ToList();
            return fleet.SequenceEqual(held) && fleet.SequenceEqual(rows) && fleet.SequenceEqual(slots) && fleet.SequenceEqual(live);
        });
        Host.Violations.ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        await Fleets.EndAsync("the test ends", TimeSpan.FromSeconds(20), keepMachines: false);
        await Monitor.DisposeAsync();
        await Fleets.DisposeAsync();
        _transport.Dispose();
        Host.Live.ShouldBeEmpty();
        await Host.DisposeAsync();
        await Events.DisposeAsync();
        await Real.DisposeAsync();
        _directory.Dispose();
    }

    private (Fleets Fleets, Monitor Monitor) NewParts()
    {
        var fleets = new Fleets(Context, Images, Data);
        return (fleets, new Monitor(Context, fleets, new GatewayEvents(Events), new PleiadServerOptions { Data = Data }));
    }

    private static readonly Comparer<MachineId> ById = Comparer<MachineId>.Create((one, other) => string.CompareOrdinal(one.Value, other.Value));
}
