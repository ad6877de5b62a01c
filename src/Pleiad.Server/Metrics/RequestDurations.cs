using System.Collections.Concurrent;
using Pleiad.Core.Metrics;
using Pleiad.Gateway.Front;

namespace Pleiad.Server.Metrics;

/// <summary>How long requests took at the gateway, by service and class of status: as many histograms as services times five.</summary>
internal sealed class RequestDurations
{
    private static readonly string[] Codes = ["1xx", "2xx", "3xx", "4xx", "5xx"];

    private readonly ConcurrentDictionary<string, DurationHistogram[]> _services = new(StringComparer.Ordinal);

    /// <summary>Counts one; called by the gateway on the request's own thread.</summary>
    internal void Count(GatewayRequest request) =>
        _services.GetOrAdd(request.Service, _ => [.. Codes.Select(_ => new DurationHistogram())])[Math.Clamp(request.Status / 100, 1, 5) - 1].Observe(request.Duration);

    /// <summary>The histograms that have counted something; those of services that are no more are dropped.</summary>
    internal IReadOnlyList<(string Service, string Code, DurationHistogram Durations)> Read(IReadOnlyCollection<string> services)
    {
        foreach (var gone in _services.Keys.Except(services))
        {
            _services.TryRemove(gone, out _);
        }

        return [.. _services.OrderBy(service => service.Key, StringComparer.Ordinal)
            .SelectMany(service => service.Value.Select((durations, index) => (service.Key, Codes[index], durations)))
            .Where(each => each.durations.Read().Cumulative[^1] > 0)];
    }
}
