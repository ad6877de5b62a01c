using Pleiad.Core.Services;
using Pleiad.Server.Jobs;

namespace Pleiad.Server.Fleet;

/// <summary>A service with its machines and its jobs.</summary>
internal sealed class RunningService(ServiceSpec spec, ServiceFleet fleet, JobPump jobs) : IAsyncDisposable
{
    internal string Name => Spec.Name;

    internal ServiceSpec Spec { get; set; } = spec;

    /// <summary>The images that are kept for it and no others: its own, and the one it is being changed from. Null when that is not known.</summary>
    internal (string? Own, string? Former)? Pinned { get; set; }

    /// <summary>Whether the images that are kept for it are those it needs; true while its own is not known, for then none is to be let go.</summary>
    internal bool IsSettled => Fleet.Image.Digest is null || Pinned == (Fleet.Image.Digest, Fleet.ChangeSeen?.Former.Digest);

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
