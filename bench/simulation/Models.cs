using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;

namespace Pleiad.Bench.Simulation;

/// <summary>The models that are timed.</summary>
internal static class Models
{
    public static QueueingModel SingleServer() => Open(0.9, One("server", 1, null, 1, new Exponential(1)));

    public static QueueingModel ThreeTiers() => Open(
        90,
        One("web", 1, null, 1, new Exponential(0.008)),
        One("app", 2, null, 1, new Exponential(0.018)),
        One("db", 1, null, 2, new Exponential(0.0045)));

    public static QueueingModel Layered() => Open(
        60,
        One("web", 1, 64, 1, new Exponential(0.008), new Call(1, 1, false)),
        One("app", 2, 32, 0, new Exponential(0.018), new Call(2, 2, false)),
        One("db", 1, 16, 0, new Exponential(0.0045)));

    private static QueueingModel Open(double rate, params Station[] stations) =>
        new() { Classes = [new CustomerClass { Name = "requests", Arrivals = new PoissonArrivals(rate) }], Stations = stations };

    private static Station One(string name, int servers, int? threads, double visits, Distribution service, params Call[] calls) => new()
    {
        Name = name,
        Servers = servers,
        Threads = threads,
        Visits = [visits],
        Service = [service],
        Uncertainty = [0],
        Calls = [calls],
    };
}
