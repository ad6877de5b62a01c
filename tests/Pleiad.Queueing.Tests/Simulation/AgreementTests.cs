using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Simulation;

/// <summary>The simulator against every closed form, within its own 99 % intervals.</summary>
public sealed class AgreementTests
{
    public static TheoryData<string, string> Models => new()
    {
        { "M/M/1", "classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, service: { exponential: 1 } }]" },
        { "M/M/3", "classes: [{ name: a, rate: 2.4 }]\nstations: [{ name: s, servers: 3, service: { exponential: 1 } }]" },
        { "M/M/1/5", "classes: [{ name: a, rate: 0.9 }]\nstations: [{ name: s, capacity: 5, service: { exponential: 1 } }]" },
        { "M/M/2/4 overloaded", "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, servers: 2, capacity: 4, service: { exponential: 1 } }]" },
        { "M/G/4/4", "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, servers: 4, capacity: 4, service: { gamma: { mean: 1, scv: 4 } } }]" },
        { "M/D/1", "classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, service: { deterministic: 1 } }]" },
        { "M/E4/1", "classes: [{ name: a, rate: 0.6 }]\nstations: [{ name: s, service: { erlang: { mean: 1, phases: 4 } } }]" },
        { "M/H2/1", "classes: [{ name: a, rate: 0.6 }]\nstations: [{ name: s, service: { hyperexponential: { mean: 1, scv: 4 } } }]" },
        { "M/logn/1 lcfs", "classes: [{ name: a, rate: 0.6 }]\nstations: [{ name: s, discipline: lcfs, service: { lognormal: { mean: 1, scv: 2 } } }]" },
        { "M/weibull/1 random", "classes: [{ name: a, rate: 0.6 }]\nstations: [{ name: s, discipline: random, service: { weibull: { mean: 1, shape: 0.8 } } }]" },
        { "M/G/1-PS", "classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, discipline: ps, service: { hyperexponential: { mean: 1, scv: 6 } } }]" },
        { "M/G/2-PS", "classes: [{ name: a, rate: 1.4 }]\nstations: [{ name: s, discipline: ps, servers: 2, service: { uniform: [0, 2] } }]" },
        { "M/G/1-LCFS-PR", "classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, discipline: lcfs-pr, service: { uniform: [0, 2] } }]" },
        { "M/G/inf", "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, discipline: delay, service: { pareto: { mean: 1, shape: 3 } } }]" },
        { "priority", "classes: [{ name: a, rate: 0.3, priority: 1 }, { name: b, rate: 0.4, priority: 0 }]\nstations: [{ name: s, discipline: priority, service: { a: { exponential: 0.5 }, b: { erlang: { mean: 1, phases: 2 } } } }]" },
        { "priority-pr", "classes: [{ name: a, rate: 0.3, priority: 1 }, { name: b, rate: 0.4, priority: 0 }]\nstations: [{ name: s, discipline: priority-pr, service: { a: { exponential: 0.5 }, b: { erlang: { mean: 1, phases: 2 } } } }]" },
        { "M/M/3 priority", "classes: [{ name: a, rate: 1, priority: 1 }, { name: b, rate: 1.2, priority: 0 }]\nstations: [{ name: s, servers: 3, discipline: priority, service: { exponential: 1 } }]" },
        { "Jackson with feedback", "classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, servers: 2, service: { exponential: 0.5 } }, { name: t, service: { exponential: 0.3 } }]\nrouting: { a: { start: s, s: { t: 0.6, end: 0.4 }, t: { s: 0.5, t: 0.2, end: 0.3 } } }" },
        { "BCMP open, two classes", "classes: [{ name: a, rate: 1 }, { name: b, rate: 0.5 }]\nstations: [{ name: s, discipline: ps, visits: { a: 1, b: 2 }, service: { a: { deterministic: 0.2 }, b: { exponential: 0.4 } } }, { name: t, visits: { a: 0.5, b: 1 }, service: { exponential: 0.6 } }]" },
        { "closed central server", "classes: [{ name: a, population: 6, thinkTime: 5s }]\nstations: [{ name: cpu, visits: 3, discipline: ps, service: { exponential: 0.3 } }, { name: disk, visits: 2.5, service: { exponential: 0.4 } }]" },
        { "closed multiserver", "classes: [{ name: a, population: 12, thinkTime: { deterministic: 4s } }]\nstations: [{ name: cpu, servers: 3, service: { exponential: 1 } }, { name: disk, service: { exponential: 0.3 } }]" },
        { "closed two classes", "classes: [{ name: a, population: 4, thinkTime: 2s }, { name: b, population: 3, thinkTime: 1s }]\nstations: [{ name: cpu, discipline: ps, service: { a: { exponential: 0.3 }, b: { exponential: 0.7 } } }, { name: disk, servers: 2, visits: { a: 2, b: 1 }, service: { exponential: 0.5 } }]" },
        { "load-dependent", "classes: [{ name: a, population: 8, thinkTime: 2s }]\nstations: [{ name: s, discipline: ps, speed: [1, 1.8, 2.4], service: { exponential: 1 } }]" },
        { "mixed", "classes: [{ name: a, population: 4, thinkTime: 2s }, { name: b, rate: 0.8 }]\nstations: [{ name: cpu, discipline: ps, servers: 2, service: { a: { exponential: 0.8 }, b: { exponential: 0.5 } } }, { name: disk, discipline: ps, service: { a: { exponential: 0.2 }, b: { exponential: 0.4 } } }]" },
        { "reference station", "classes: [{ name: a, population: 5 }]\nstations: [{ name: cpu, service: { exponential: 0.2 } }, { name: disk, service: { exponential: 0.5 } }]\nrouting: { a: { reference: cpu, cpu: { disk: 0.4, cpu: 0.6 }, disk: cpu } }" },
        { "phase type", "classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: s, service: { phaseType: { initial: [0.6, 0.4], rates: [[-2, 1], [0, -1]] } } }]" },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Simulation_holds_the_exact_answer(string name, string yaml)
    {
        name.ShouldNotBeEmpty();
        Solve.Simulated(yaml).ShouldAgreeWith(Solve.Exact(yaml));
    }

    [Fact]
    public void Quantiles_hold_those_of_a_multiserver()
    {
        const string yaml = "classes: [{ name: a, rate: 2.4 }]\nstations: [{ name: s, servers: 3, service: { exponential: 1 } }]";
        var (exact, simulated) = (Solve.Exact(yaml), Solve.Simulated(yaml, accuracy: 0.01));

        for (var i = 0; i < 4; i++)
        {
            simulated.System.Quantiles[i].Seconds.ShouldHold(exact.System.Quantiles[i].Seconds.Value, $"p{exact.System.Quantiles[i].Probability}");
        }
    }

    [Fact]
    public void Lost_requests_are_counted_as_the_formula_says()
    {
        const string yaml = "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, servers: 2, capacity: 4, service: { exponential: 1 } }]";

        Solve.Simulated(yaml).System.Failed.ShouldHold(Solve.Exact(yaml).System.Failed.Value, "lost");
    }
}
