using System.Collections.Concurrent;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Front;

namespace Pleiad.Server.Events;

/// <summary>Sums up what happens to requests, so that a flood of refusals is one event a second for each kind, service and machine, not one a request.</summary>
internal sealed class GatewayEvents(EventLog events)
{
    private readonly ConcurrentDictionary<(GatewayEventKind Kind, string Service, MachineId? Machine), Sum> _sums = new();

    /// <summary>Counts one; called by the gateway on the request's own thread.</summary>
    internal void Count(GatewayEvent one)
    {
        while (true)
        {
            var sum = _sums.GetOrAdd((one.Kind, one.Service, one.Machine), _ => new Sum());
            lock (sum)
            {
                // One that was recorded meanwhile is away; the next has its place.
                if (!sum.IsRecorded)
                {
                    sum.Count++;
                    sum.Reason = one.Reason;
                    return;
                }
            }
        }
    }

    /// <summary>Records what was counted since the last call.</summary>
    internal void Flush()
    {
        foreach (var (key, _) in _sums)
        {
            if (_sums.TryRemove(key, out var sum))
            {
                lock (sum)
                {
                    sum.IsRecorded = true;
                    events.Record(KindOf(key.Kind), sum.Count == 1 ? sum.Reason : $"{sum.Count} requests, the last: {sum.Reason}", key.Service, key.Machine?.Value);
                }
            }
        }
    }

    private static EventKind KindOf(GatewayEventKind kind) => kind switch
    {
        GatewayEventKind.Retried => EventKind.Retried,
        GatewayEventKind.QueueFull => EventKind.QueueFull,
        GatewayEventKind.DeadlinePassed => EventKind.DeadlinePassed,
        _ => EventKind.RequestFailed,
    };

    private sealed class Sum
    {
        internal bool IsRecorded { get; set; }

        internal int Count { get; set; }

        internal string Reason { get; set; } = "";
    }
}
