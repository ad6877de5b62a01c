using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Events;
using Pleiad.Server.Fleet;
using Pleiad.Server.Hosting;
using Pleiad.Server.Jobs;
using Pleiad.State;

namespace Pleiad.Server.Api;

/// <summary>What the endpoints work with.</summary>
internal sealed record ApiContext(
    PleiadServerOptions Options, Fleets Fleets, IStateStore Store, ImageStore Images, IMachineHost Host, EventLog Events, JobEnds JobEnds, TimeProvider Time, DateTimeOffset Started)
{
    /// <summary>Address of the API with its real port; known once it listens.</summary>
    internal Uri? Api { get; set; }

    /// <summary>Address of the gateway with its real port.</summary>
    internal Uri? Gateway { get; set; }

    /// <summary>Longest time a call may be held back with waitMs.</summary>
    internal static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    /// <summary>A caller's waitMs within its bounds.</summary>
    internal static TimeSpan Wait(int? waitMs) => TimeSpan.FromMilliseconds(Math.Clamp(waitMs ?? 0, 0, WaitMax.TotalMilliseconds));
}
