namespace Pleiad.Queueing.Model;

/// <summary>
/// A network of queues: classes of customers, stations that serve them, and the ways between. Immutable; stations and classes are known by their place in the lists. Times are in
/// seconds, rates per second.
/// </summary>
public sealed record QueueingModel
{
    /// <summary>Name shown in reports.</summary>
    public string Name { get; init; } = "model";

    /// <summary>The classes, at least one.</summary>
    public required IReadOnlyList<CustomerClass> Classes { get; init; }

    /// <summary>The stations, at least one.</summary>
    public required IReadOnlyList<Station> Stations { get; init; }

    /// <summary>Whether every class is open.</summary>
    public bool IsOpen => Classes.All(each => each.IsOpen);

    /// <summary>Whether every class is closed.</summary>
    public bool IsClosed => Classes.All(each => !each.IsOpen);

    /// <summary>Whether a station holds a thread, or waits for another station, while a request is elsewhere.</summary>
    public bool HasLayers => Stations.Any(station => station.Threads is not null || station.HasCalls);

    /// <summary>Place of the station of that name, or -1.</summary>
    public int StationNamed(string name)
    {
        for (var at = 0; at < Stations.Count; at++)
        {
            if (Stations[at].Name == name)
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Mean visits to a station in one whole interaction of a class, those through calls of other stations among them.</summary>
    public double[,] TotalVisits()
    {
        var total = new double[Classes.Count, Stations.Count];
        for (var c = 0; c < Classes.Count; c++)
        {
            // Calls have no circle (the model's rules), so that as many rounds as stations reach all.
            var wave = Stations.Select(station => station.Visits[c]).ToArray();
            for (var round = 0; round <= Stations.Count && wave.Any(v => v > 0); round++)
            {
                var next = new double[Stations.Count];
                for (var k = 0; k < Stations.Count; k++)
                {
                    total[c, k] += wave[k];
                    foreach (var call in Stations[k].Calls[c])
                    {
                        next[call.Station] += wave[k] * call.Mean;
                    }
                }

                wave = next;
            }
        }

        return total;
    }

    /// <summary>The same model with another number of servers at one station; a pool given per server grows with them.</summary>
    public QueueingModel WithServers(int station, int servers) => this with { Stations = [.. Stations.Select((each, at) => at == station ? each with { Servers = servers } : each)] };

    /// <summary>The same model with another number of servers at each station.</summary>
    public QueueingModel WithServers(IReadOnlyList<int> servers) => this with { Stations = [.. Stations.Select((each, at) => each with { Servers = servers[at] })] };

    /// <summary>The same model with the work of one station multiplied, for all classes.</summary>
    public QueueingModel WithServiceScaled(int station, double factor) =>
        this with { Stations = [.. Stations.Select((each, at) => at == station ? each with { Service = [.. each.Service.Select(service => service?.Scaled(factor))] } : each)] };

    /// <summary>The same model with the rates of its open classes multiplied.</summary>
    public QueueingModel WithRatesScaled(double factor) =>
        this with { Classes = [.. Classes.Select(each => each.Arrivals is { } arrivals ? each with { Arrivals = arrivals.WithRate(arrivals.RatePerSecond * factor) } : each)] };
}
