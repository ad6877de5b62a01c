using Microsoft.Extensions.Logging;
using Pleiad.Gateway.Transport;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Events;
using Pleiad.Server.Hosting;
using Pleiad.Server.Jobs;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>What every service's fleet works with.</summary>
internal sealed record FleetContext(IStateStore Store, IMachineHost Host, MachineTransport Transport, EventLog Events, JobEnds JobEnds, TimeProvider Time, ILogger Logger)
{
    /// <summary>Memory that the host can still give; null when it does not say.</summary>
    internal Func<long?> MemoryAvailableBytes { get; init; } = HostMemory.AvailableBytes;
}
