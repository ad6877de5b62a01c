using Pleiad.Queueing.Exact.Chains;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Exact.Chains;

/// <summary>Markov chains of whole models against formulas, and the simulation against the chains.</summary>
public sealed class ChainTests
{
    /// <summary>What has both a formula and a chain.</summary>
    public static TheoryData<string, string> Known => new()
    {
        { "M/M/1", "classes: [{ name: a, rate: 0.7 }]\nstations: [{ name: s, service: { exponential: 1 } }]" },
        { "M/M/1 nearly full", "classes: [{ name: a, rate: 0.95 }]\nstations: [{ name: s, service: { exponential: 1 } }]" },
        { "M/M/3", "classes: [{ name: a, rate: 2.4 }]\nstations: [{ name: s, servers: 3, service: { exponential: 1 } }]" },
        { "M/M/2/4 overloaded", "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, servers: 2, capacity: 4, service: { exponential: 1 } }]" },
        { "M/E4/1", "classes: [{ name: a, rate: 0.6 }]\nstations: [{ name: s, service: { erlang: { mean: 1, phases: 4 } } }]" },
        { "M/H2/1 lcfs", "classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: s, discipline: lcfs, service: { hyperexponential: { mean: 1, scv: 2 } } }]" },
        { "M/H2/1-PS", "classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: s, discipline: ps, service: { hyperexponential: { mean: 1, scv: 3 } } }]" },
        { "M/H2/1-LCFS-PR", "classes: [{ name: a, rate: 0.1 }]\nstations: [{ name: s, discipline: lcfs-pr, service: { hyperexponential: { mean: 1, scv: 2 } } }]" },
        { "priority", "classes: [{ name: a, rate: 0.3, priority: 1 }, { name: b, rate: 0.3, priority: 0 }]\nstations: [{ name: s, discipline: priority, service: { a: { exponential: 0.5 }, b: { erlang: { mean: 1, phases: 2 } } } }]" },
        { "priority-pr", "classes: [{ name: a, rate: 0.3, priority: 1 }, { name: b, rate: 0.3, priority: 0 }]\nstations: [{ name: s, discipline: priority-pr, service: { a: { exponential: 0.5 }, b: { erlang: { mean: 1, phases: 2 } } } }]" },
        { "M/M/3 priority", "classes: [{ name: a, rate: 1, priority: 1 }, { name: b, rate: 0.8, priority: 0 }]\nstations: [{ name: s, servers: 3, discipline: priority, service: { exponential: 1 } }]" },
        { "Jackson with feedback", "classes: [{ name: a, rate: 1 }]\nstations: [{ name: s, servers: 2, service: { exponential: 0.5 } }, { name: t, service: { exponential: 0.3 } }]\nrouting: { a: { start: s, s: { t: 0.6, end: 0.4 }, t: { s: 0.5, t: 0.2, end: 0.3 } } }" },
        { "closed central server", "classes: [{ name: a, population: 6, thinkTime: 5s }]\nstations: [{ name: cpu, visits: 3, discipline: ps, service: { exponential: 0.3 } }, { name: disk, visits: 2.5, service: { exponential: 0.4 } }]" },
        { "closed multiserver, think time of phases", "classes: [{ name: a, population: 12, thinkTime: { erlang: { mean: 4s, phases: 2 } } }]\nstations: [{ name: cpu, servers: 3, service: { exponential: 1 } }, { name: disk, service: { exponential: 0.3 } }]" },
        { "closed two classes", "classes: [{ name: a, population: 4, thinkTime: 2s }, { name: b, population: 3, thinkTime: 1s }]\nstations: [{ name: cpu, discipline: ps, service: { a: { exponential: 0.3 }, b: { exponential: 0.7 } } }, { name: disk, servers: 2, visits: { a: 2, b: 1 }, service: { exponential: 0.5 } }]" },
        { "load-dependent", "classes: [{ name: a, population: 8, thinkTime: 2s }]\nstations: [{ name: s, discipline: ps, speed: [1, 1.8, 2.4], service: { exponential: 1 } }]" },
        { "mixed", "classes: [{ name: a, population: 3, thinkTime: 2s }, { name: b, rate: 0.8 }]\nstations: [{ name: cpu, discipline: ps, servers: 2, service: { a: { exponential: 0.8 }, b: { exponential: 0.5 } } }, { name: disk, discipline: ps, service: { a: { exponential: 0.2 }, b: { exponential: 0.4 } } }]" },
        { "reference station", "classes: [{ name: a, population: 5 }]\nstations: [{ name: cpu, service: { exponential: 0.2 } }, { name: disk, service: { exponential: 0.5 } }]\nrouting: { a: { reference: cpu, cpu: { disk: 0.4, cpu: 0.6 }, disk: cpu } }" },
        { "a server for everyone", "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, discipline: delay, service: { phaseType: { initial: [0.6, 0.4], rates: [[-2, 1], [0, -1]] } } }]" },
        { "no time at the first station", "classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: door, service: { deterministic: 0 } }, { name: s, service: { exponential: 1 } }]" },
    };

    /// <summary>What only a chain solves exactly.</summary>
    public static TheoryData<string, string> Others => new()
    {
        { "layers of two classes", """
            classes: [{ name: a, population: 5, thinkTime: 1s }, { name: b, population: 3, thinkTime: 0.5s }]
            stations:
              - { name: web, threads: 3, service: { a: { exponential: 20ms }, b: { exponential: 50ms } }, calls: { db: { a: 2, b: 1 } }, callCount: geometric }
              - { name: db, servers: 2, service: { exponential: 80ms } }
            """ },
        { "three layers with pools", """
            classes: [{ name: a, population: 10, thinkTime: 500ms }]
            stations:
              - { name: web, threads: 6, discipline: ps, service: { exponential: 20ms }, calls: { app: 1.5 } }
              - { name: app, threads: 3, servers: 2, discipline: ps, service: { exponential: 60ms }, calls: { db: 1 } }
              - { name: db, threads: 2, service: { erlang: { mean: 30ms, phases: 2 } } }
            """ },
        { "an open pool", """
            classes: [{ name: a, rate: 5 }]
            stations:
              - { name: web, threads: 3, discipline: ps, service: { exponential: 50ms }, calls: { db: 2 } }
              - { name: db, service: { exponential: 40ms } }
            """ },
        { "one station called by two", """
            classes: [{ name: a, population: 4, thinkTime: 300ms }, { name: b, population: 2, thinkTime: 100ms }]
            stations:
              - { name: one, threads: 2, visits: { a: 1, b: 0 }, service: { a: { exponential: 20ms } }, calls: { db: { a: 1 } } }
              - { name: two, threads: 1, visits: { a: 0, b: 1 }, service: { b: { exponential: 30ms } }, calls: { db: { b: 2 } } }
              - { name: db, threads: 1, service: { exponential: 60ms } }
            """ },
        { "blocking in a line", """
            classes: [{ name: a, rate: 0.5 }]
            stations:
              - { name: one, service: { exponential: 1 } }
              - { name: two, capacity: 2, full: block, service: { erlang: { mean: 1, phases: 2 } } }
            """ },
        { "blocking in a circle", """
            classes: [{ name: a, population: 5, thinkTime: 1s }]
            stations:
              - { name: one, servers: 2, service: { exponential: 1 } }
              - { name: two, capacity: 2, full: block, service: { exponential: 0.7 } }
              - { name: three, capacity: 1, full: block, discipline: lcfs, service: { exponential: 0.5 } }
            """ },
        { "arrivals that come in bursts", "classes: [{ name: a, arrivals: { mmpp: { rates: [0.2, 1.2], switching: [[0, 0.05], [0.1, 0]] } } }]\nstations: [{ name: s, service: { exponential: 1 } }]" },
        { "regular arrivals", "classes: [{ name: a, arrivals: { renewal: { erlang: { mean: 1, phases: 3 } } } }]\nstations: [{ name: s, servers: 2, service: { hyperexponential: { mean: 1.4, scv: 3 } } }]" },
        { "classes of different means in turn", "classes: [{ name: a, population: 3, thinkTime: 1s }, { name: b, population: 2, thinkTime: 3s }]\nstations: [{ name: s, service: { a: { exponential: 0.2 }, b: { exponential: 2 } } }, { name: t, discipline: random, service: { a: { exponential: 0.5 }, b: { exponential: 0.1 } } }]" },
        { "interrupting on two servers", "classes: [{ name: a, rate: 0.6, priority: 1 }, { name: b, rate: 0.6, priority: 0 }]\nstations: [{ name: s, discipline: priority-pr, servers: 2, service: { a: { exponential: 0.5 }, b: { exponential: 1.5 } } }]" },
        { "a pool of callers before a full room", """
            classes: [{ name: a, population: 6, thinkTime: 200ms }]
            stations:
              - { name: web, threads: 4, service: { exponential: 20ms }, calls: { db: 1 } }
              - { name: db, capacity: 2, full: lose, service: { exponential: 60ms } }
            """ },
        { "loss at the door", "classes: [{ name: a, rate: 2 }]\nstations: [{ name: s, capacity: 3, service: { hyperexponential: { mean: 1, scv: 4 } } }, { name: t, service: { exponential: 0.5 } }]" },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void A_chain_gives_what_the_formula_gives(string name, string yaml)
    {
        name.ShouldNotBeEmpty();
        var exact = Solve.Exact(yaml);
        var (chain, obstacle) = ChainSolution.TrySolve(Solve.Model(yaml), 400_000, "test", TestContext.Current.CancellationToken);

        exact.Method.ShouldNotContain("Markov chain");
        obstacle.ShouldBeNull();
        chain!.System.Throughput.ShouldBeNear(exact.System.Throughput.Value, 1e-7);
        chain.System.ResponseTime.ShouldBeNear(exact.System.ResponseTime.Value, 1e-7);
        chain.System.Failed.Value.ShouldBe(exact.System.Failed.Value, 1e-9);
        for (var k = 0; k < exact.Stations.Count; k++)
        {
            chain.Stations[k].QueueLength.ShouldBeNear(exact.Stations[k].QueueLength.Value, 1e-7);
            chain.Stations[k].Utilization.ShouldBeNear(exact.Stations[k].Utilization.Value, 1e-7);
            for (var c = 0; c < exact.Stations[k].Classes.Count; c++)
            {
                chain.Stations[k].Classes[c].QueueLength.ShouldBeNear(exact.Stations[k].Classes[c].QueueLength.Value, 1e-7);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void Simulation_holds_the_chain_s_answer(string name, string yaml)
    {
        name.ShouldNotBeEmpty();
        var exact = Solve.Auto(yaml);

        exact.Method.ShouldBe("exact Markov chain");
        var simulated = Solve.Simulated(yaml, accuracy: 0.01);
        simulated.ShouldAgreeWith(exact);
        simulated.System.Failed.ShouldHold(exact.System.Failed.Value, "failed");
        for (var k = 0; k < exact.Stations.Count; k++)
        {
            if (exact.Stations[k].ThreadsHeld is { } held)
            {
                simulated.Stations[k].ThreadsHeld!.Value.ShouldHold(held.Value, $"threads held at {exact.Stations[k].Name}");
                simulated.Stations[k].ThreadsAwaited!.Value.ShouldHold(exact.Stations[k].ThreadsAwaited!.Value.Value, $"threads awaited at {exact.Stations[k].Name}");
            }
        }
    }

    [Fact]
    public void Customers_who_block_each_other_are_found_in_the_chain()
    {
        Should.Throw<ModelUnsolvableException>(() => Solve.Exact("""
            classes: [{ name: a, population: 2 }]
            stations:
              - { name: one, capacity: 1, full: block, service: { exponential: 1 } }
              - { name: two, capacity: 1, full: block, service: { exponential: 1 } }
            routing: { a: { start: one, one: { two: 0.95, end: 0.05 }, two: { one: 0.95, end: 0.05 } } }
            """)).Reason.ShouldBe(UnsolvableReason.Deadlock);
    }

    [Fact]
    public void A_model_that_is_no_chain_or_too_large_a_one_is_simulated_and_it_is_said()
    {
        Solve.Auto("classes: [{ name: a, population: 3, thinkTime: 1s }]\nstations: [{ name: s, service: { deterministic: 1 } }]").Method.ShouldBe("simulation");
        var large = ModelSolver.Solve(Solve.Model(File.ReadAllText(Path.Combine(Samples.Root, "samples", "models", "three-tiers-layered.yaml"))), SolutionMethod.Auto, new SimulationOptions { Accuracy = 0.05 }, TestContext.Current.CancellationToken);

        large.Method.ShouldBe("simulation");
        large.Reason.ShouldContain($"more than {ChainSolution.StatesAuto} states");
    }

    /// <summary>Levels whose probability no number holds any more, on the way to one that is certain: a full closed model.</summary>
    [Fact]
    public void States_that_are_nearly_never_reached_do_not_stop_the_rest()
    {
        const string yaml = "classes: [{ name: users, population: 1500, thinkTime: 1s }]\nstations: [{ name: s, service: { exponential: 10ms } }]";
        var (chain, obstacle) = ChainSolution.TrySolve(Solve.Model(yaml), 200_000, "", TestContext.Current.CancellationToken);

        obstacle.ShouldBeNull();
        chain!.System.ResponseTime.ShouldBeNear(Solve.Exact(yaml).System.ResponseTime.Value, 1e-7);
        ChainSolution.TrySolve(Solve.Model(yaml), ChainSolution.StatesAuto, "", TestContext.Current.CancellationToken).Obstacle!.ShouldContain("too many");
    }

    [Fact]
    public void A_pool_that_is_too_small_for_its_load_is_left_to_the_simulation_which_refuses_it()
    {
        var error = Should.Throw<ModelUnsolvableException>(() => Solve.Auto("""
            classes: [{ name: a, rate: 12 }]
            stations:
              - { name: web, threads: 1, service: { exponential: 10ms }, calls: { remote: 1 } }
              - { name: remote, discipline: delay, service: { exponential: 100ms } }
            """));

        error.Station.ShouldBe("web");
    }
}
