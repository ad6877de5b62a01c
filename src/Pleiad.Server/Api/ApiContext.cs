using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Server.Events;
using Pleiad.Server.Fleet;
using Pleiad.Server.Hosting;
using Pleiad.Server.Jobs;
using Pleiad.Server.Metrics;
using Pleiad.State;

namespace Pleiad.Server.Api;

/// <summary>What the endpoints work with.</summary>
internal sealed record ApiContext(
    PleiadServerOptions Options, Fleets Fleets, IStateStore Store, ImageStore Images, IMachineHost Host, EventLog Events, JobEnds JobEnds, RequestDurations Requests, TimeProvider Time, DateTimeOffset Started)
{
    /// <summary>Ends calls that are held back, as the API stops; set before it listens.</summary>
    internal CancellationToken Stopping { get; set; }

    /// <summary>Address of the API with its real port; known once it listens.</summary>
    internal Uri? Api { get; set; }

    /// <summary>Address of the gateway with its real port.</summary>
    internal Uri? Gateway { get; set; }

    /// <summary>Longest time a call may be held back with waitMs.</summary>
    internal static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    /// <summary>Holds a call back until <paramref name="wait"/> ends; when the API stops it is answered at once with what there is.</summary>
    internal async Task<T> HeldBackAsync<T>(int? waitMs, Func<TimeSpan, CancellationToken, Task<T>> wait, CancellationToken caller)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(caller, Stopping);
        try
        {
            return await wait(Wait(waitMs), either.Token);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            return await wait(TimeSpan.Zero, caller);
        }
    }

    /// <summary>A caller's waitMs within its bounds.</summary>
    private static TimeSpan Wait(int? waitMs) => TimeSpan.FromMilliseconds(Math.Clamp(waitMs ?? 0, 0, WaitMax.TotalMilliseconds));
}
