using Pleiad.Core.Services;
using Pleiad.Server.Jobs;

namespace Pleiad.Server.Fleet;

/// <summary>A service with its machines and its jobs.</summary>
internal sealed class RunningService(ServiceSpec spec, ServiceFleet fleet, JobPump jobs) : IAsyncDisposable
{
    internal string Name => Spec.Name;

    internal ServiceSpec Spec { get; set; } = spec;

    /// <summary>Whether the image that it was changed from may still be kept for it.</summary>
    internal bool FormerKept { get; set; }

    internal ServiceFleet Fleet { get; } = fleet;

    internal JobPump Jobs { get; } = jobs;

    /// <summary>Ends its work and leaves its machines running.</summary>
    internal async Task LeaveAsync(TimeSpan drainTimeout)
    {
        await Fleet.LeaveAsync(drainTimeout);
        await Jobs.DisposeAsync();
    }

    /// <summary>Ends its work and its machines.</summary>
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
