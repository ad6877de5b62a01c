using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Transport;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Events;
using Pleiad.Server.Jobs;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>What every service's fleet works with.</summary>
internal sealed record FleetContext(IStateStore Store, IMachineHost Host, MachineTransport Transport, EventLog Events, JobEnds JobEnds, TimeProvider Time, ILogger Logger)
{
    /// <summary>Machines that are gone while the store, when it was told so, could not be written; the monitor tells it again.</summary>
    internal ConcurrentQueue<MachineId> NotGivenBack { get; } = new();

    /// <summary>Gives a gone machine's address and report back to the store.</summary>
    /// <exception cref="StateException">The store cannot be written.</exception>
    internal async Task GiveBackAsync(MachineId machine)
    {
        await Store.ReleaseAddressAsync(machine, Time.GetUtcNow(), CancellationToken.None);
        await Store.RemoveMachinesAsync([machine], CancellationToken.None);
    }
}
