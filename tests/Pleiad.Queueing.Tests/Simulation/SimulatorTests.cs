using Pleiad.Queueing.Model;
using Pleiad.Queueing.Simulation;
using Pleiad.Queueing.Solving;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Simulation;

public sealed class SimulatorTests
{
    private const string SingleServer = "classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: s, service: { exponential: 1 } }]";

    private const string ThreeTiers = """
        classes: [{ name: a, rate: 40 }]
        stations:
          - { name: web, threads: 20, service: { exponential: 10ms }, calls: { app: 1 } }
          - { name: app, threads: 5, service: { lognormal: { mean: 15ms, scv: 2 } }, calls: { db: 2.5 } }
          - { name: db, discipline: ps, service: { erlang: { mean: 4ms, phases: 2 } } }
        """;

    [Fact]
    public void A_seed_gives_the_same_answer_on_any_number_of_threads()
    {
        var model = Solve.Model(ThreeTiers);
        var answers = new[] { 1, 2, 7 }.Select(threads => Run(model, new SimulationOptions { Seed = 5, Accuracy = 0.03, Threads = threads })).ToList();

        foreach (var answer in answers)
        {
            answer.System.ShouldSatisfyAllConditions(
                () => answer.System.ResponseTime.ShouldBe(answers[0].System.ResponseTime),
                () => answer.System.Quantiles.ShouldBe(answers[0].System.Quantiles),
                () => answer.Simulation!.Events.ShouldBe(answers[0].Simulation!.Events));
        }

        Run(model, new SimulationOptions { Seed = 6, Accuracy = 0.03 }).System.ResponseTime.ShouldNotBe(answers[0].System.ResponseTime);
    }

    [Fact]
    public void A_seed_s_answer_is_the_same_on_any_machine()
    {
        // Written down from one run; another machine, another mathematical library or an unnoticed change of the streams would change it.
        var solution = Run(Solve.Model(SingleServer), new SimulationOptions { Seed = 1, HorizonSeconds = 10_000, Replications = 2 });

        solution.Simulation!.Events.ShouldBe(19497);
        solution.System.ResponseTime.Value.ShouldBe(2.0056989863658363, 1e-12);
    }

    /// <summary>1,000 short runs: the intervals hold the truth as often as they say, with replications and with batch means.</summary>
    [Theory]
    [InlineData(10, 4_000)]
    [InlineData(1, 20_000)]
    public void Intervals_hold_the_truth_as_often_as_they_say(int replications, double horizon)
    {
        var model = Solve.Model(SingleServer);
        const int runs = 1000;
        var (response, utilization) = (0, 0);
        for (var seed = 0; seed < runs; seed++)
        {
            var solution = Run(model, new SimulationOptions { Seed = (ulong)seed, Replications = replications, HorizonSeconds = horizon, Threads = 1 });
            response += Math.Abs(solution.System.ResponseTime.Value - 2) <= solution.System.ResponseTime.HalfWidth ? 1 : 0;
            utilization += Math.Abs(solution.Stations[0].Utilization.Value - 0.5) <= solution.Stations[0].Utilization.HalfWidth ? 1 : 0;
        }

        (response / (double)runs).ShouldBeInRange(0.93, 0.97, "response time");
        (utilization / (double)runs).ShouldBeInRange(0.93, 0.97, "utilization");
    }

    [Fact]
    public void A_run_goes_on_until_the_accuracy_asked_for_is_reached_or_says_that_it_is_not()
    {
        var model = Solve.Model(SingleServer);

        Run(model, new SimulationOptions { Accuracy = 0.005 }).Simulation!.AccuracyReached.ShouldBeLessThanOrEqualTo(0.005);
        var cut = Run(model, new SimulationOptions { Accuracy = 1e-5, EventsMax = 200_000 });
        cut.Notes.ShouldContain(note => note.Contains("allow more events"));
        cut.Simulation!.Events.ShouldBeLessThan(1_000_000);
    }

    [Fact]
    public void What_the_empty_start_left_behind_is_cut()
    {
        // 300 customers begin to think at once: the first minutes are not the steady state.
        var solution = Run(Solve.Model("classes: [{ name: a, population: 300, thinkTime: { deterministic: 100s } }]\nstations: [{ name: s, service: { exponential: 300ms } }]"), new SimulationOptions { Accuracy = 0.02 });

        solution.Simulation!.WarmUpSeconds.ShouldBeGreaterThan(0);
        solution.System.Throughput.ShouldBeNear(300 / (100 + solution.System.ResponseTime.Value), 0.02);
    }

    /// <summary>However batches were merged: the histograms behind any cut hold exactly the interactions that the means behind it count.</summary>
    [Fact]
    public void Quantiles_are_of_the_same_requests_as_the_means()
    {
        var run = new Replication(new SimulationPlan(Solve.Model(ThreeTiers)), 1, 0);
        var (batch, end) = (0.1, 0.0);
        foreach (var batches in new[] { 80, 48, 16 })
        {
            end += batches * batch;
            run.RunUntil(end, batch);
            run.MergeBatches();
            batch *= 2;
            end = Math.Ceiling(end / (batch * Replication.BatchesOfSegment)) * batch * Replication.BatchesOfSegment;
            run.RunUntil(end, batch);
            for (var cut = 0; cut < run.Batches.Count; cut += Replication.BatchesOfSegment)
            {
                var done = run.Batches.Skip(cut).Sum(row => row[Replication.ClassColumn(3, 1, 0)]);
                run.Times(0, cut / Replication.BatchesOfSegment, run.Segments).Count.ShouldBe((long)done, $"behind {cut} of {run.Batches.Count}");
                done.ShouldBeGreaterThan(0);
            }
        }
    }

    /// <summary>The first thousands of requests wait much less than those of the steady state: p of M/M/1 is −ln(1 − p)/(μ − λ).</summary>
    [Fact]
    public void Quantiles_after_a_long_beginning_are_those_of_the_steady_state()
    {
        var solution = Run(Solve.Model("classes: [{ name: a, rate: 0.95 }]\nstations: [{ name: s, service: { exponential: 1 } }]"), new SimulationOptions { Accuracy = 0.03, Confidence = 0.99 });

        foreach (var quantile in solution.System.Quantiles)
        {
            quantile.Seconds.ShouldHold(-Math.Log(1 - quantile.Probability) / 0.05, $"p{quantile.Probability}");
        }

        // One run has intervals too, from its stretches.
        Run(Solve.Model(SingleServer), new SimulationOptions { Replications = 1 }).System.Quantiles.ShouldAllBe(quantile => quantile.Seconds.HalfWidth > 0);
    }

    [Fact]
    public void Warm_up_is_found_where_a_series_settles()
    {
        var random = new Random(3);
        var series = Enumerable.Range(0, 400).Select(i => (50 * Math.Exp(-i / 10.0)) + random.NextDouble()).ToArray();

        Statistics.WarmUp(series).ShouldBeInRange(20, 100);
        Statistics.WarmUp([.. Enumerable.Range(0, 400).Select(i => (double)i)]).ShouldBe(-1);
    }

    [Fact]
    public void An_unstable_station_is_named_with_its_remedy()
    {
        var error = Should.Throw<ModelUnsolvableException>(() => Solve.Auto("""
            classes: [{ name: a, rate: 10 }]
            stations:
              - { name: fine, service: { exponential: 10ms } }
              - { name: full, servers: 2, service: { exponential: 250ms } }
            """));

        error.Reason.ShouldBe(UnsolvableReason.Unstable);
        error.Station.ShouldBe("full");
        error.Message.ShouldContain("line 4");
        error.Message.ShouldContain("at least 3 servers");
    }

    [Fact]
    public void A_load_of_exactly_one_is_unstable()
    {
        foreach (var method in new[] { SolutionMethod.Exact, SolutionMethod.Simulate, SolutionMethod.Approximate })
        {
            Should.Throw<ModelUnsolvableException>(() => ModelSolver.Solve(Solve.Model("classes: [{ name: a, rate: 10 }]\nstations: [{ name: s, service: { exponential: 100ms } }]"), method, new SimulationOptions(), TestContext.Current.CancellationToken))
                .Reason.ShouldBe(UnsolvableReason.Unstable);
        }
    }

    [Fact]
    public void A_pool_that_is_too_small_is_found_unstable_by_its_growth()
    {
        // One thread is held 110 ms for each request: 9.1 a second, though no processor is full.
        var error = Should.Throw<ModelUnsolvableException>(() => Solve.Simulated("""
            classes: [{ name: a, rate: 12 }]
            stations:
              - { name: web, threads: 1, service: { exponential: 10ms }, calls: { remote: 1 } }
              - { name: remote, discipline: delay, service: { exponential: 100ms } }
            """));

        error.Reason.ShouldBe(UnsolvableReason.Unstable);
        error.Station.ShouldBe("web");
        error.Message.ShouldContain("threads");
    }

    [Fact]
    public void Customers_who_block_each_other_are_reported()
    {
        var error = Should.Throw<ModelUnsolvableException>(() => Solve.Simulated("""
            classes: [{ name: a, population: 2 }]
            stations:
              - { name: one, capacity: 1, full: block, service: { exponential: 1 } }
              - { name: two, capacity: 1, full: block, service: { exponential: 1 } }
            routing: { a: { start: one, one: { two: 0.95, end: 0.05 }, two: { one: 0.95, end: 0.05 } } }
            """));

        error.Reason.ShouldBe(UnsolvableReason.Deadlock);
    }

    /// <summary>Two stations in line, no room between, the first never idle: throughput μ1μ2(μ1+μ2)/(μ1²+μ1μ2+μ2²), 2/3 for equal rates (Hunt 1956).</summary>
    [Fact]
    public void Blocking_after_service_gives_the_known_throughput()
    {
        // A closed customer that is always at the first station: 40 of them wait before it.
        var solution = Solve.Simulated("""
            classes: [{ name: a, population: 40 }]
            stations:
              - { name: one, service: { exponential: 1 } }
              - { name: two, capacity: 1, full: block, service: { exponential: 1 } }
            """, accuracy: 0.01);

        solution.System.Throughput.ShouldHold(2.0 / 3, "throughput");
    }

    /// <summary>Impatient clients of M/M/1 whose attempts go on: the servers see the same load; the share of time-outs is P(R > t) = e^−(μ−λ)t.</summary>
    [Fact]
    public void Time_outs_happen_as_often_as_answers_are_late()
    {
        var solution = Solve.Simulated("""
            classes: [{ name: a, rate: 0.5, timeout: 3s, retries: 0 }]
            stations: [{ name: s, service: { exponential: 1 } }]
            """, accuracy: 0.01);

        solution.System.Failed.ShouldHold(Math.Exp(-0.5 * 3), "failed");
        solution.At("s").Utilization.ShouldHold(0.5, "utilization");
    }

    [Fact]
    public void Retries_make_more_work_unless_the_abandoned_is_dropped()
    {
        const string yaml = """
            classes: [{ name: a, rate: 0.3, timeout: 3s, retries: 2, backoff: 1s, abandoned: HOW }]
            stations: [{ name: s, service: { exponential: 1 } }]
            """;
        var (served, dropped) = (Solve.Simulated(yaml.Replace("HOW", "served")), Solve.Simulated(yaml.Replace("HOW", "dropped")));

        served.At("s").Utilization.Low.ShouldBeGreaterThan(0.31);
        dropped.At("s").Utilization.High.ShouldBeLessThan(served.At("s").Utilization.Low);
        served.System.TimeoutRate.Low.ShouldBeGreaterThan(0.01);
        (served.System.Throughput.Value + (served.System.Failed.Value * 0.3)).ShouldBe(0.3, 0.02);
    }

    [Fact]
    public void Common_random_numbers_keep_the_chance_of_what_a_variant_does_not_change()
    {
        var model = Solve.Model(ThreeTiers);
        var options = new SimulationOptions { HorizonSeconds = 200, Replications = 1 };
        var (one, two) = (Run(model, options), Run(model.WithServers(1, 2), options));

        two.System.Throughput.Value.ShouldBe(one.System.Throughput.Value, 0.01 * one.System.Throughput.Value);
        two.System.ResponseTime.Value.ShouldBeLessThan(one.System.ResponseTime.Value);
        two.At("web").Throughput.Value.ShouldBe(one.At("web").Throughput.Value, 0.01 * one.At("web").Throughput.Value);
    }

    [Fact]
    public void Rates_that_change_over_a_day_are_seen_whole()
    {
        var solution = Solve.Simulated("classes: [{ name: a, arrivals: { timeVarying: [{ length: 1h, rate: 0.2 }, { length: 1h, rate: 0.8 }] } }]\nstations: [{ name: s, discipline: delay, service: { exponential: 1s } }]");

        // A station without a queue: as many customers as the mean rate brings.
        solution.System.Throughput.ShouldHold(0.5, "throughput");
        solution.At("s").QueueLength.ShouldHold(0.5, "customers");
    }

    [Fact]
    public void Uncertain_inputs_widen_the_intervals()
    {
        var known = Solve.Simulated("classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: s, service: { exponential: 1 } }]", accuracy: 0.02);
        var uncertain = Run(Solve.Model("classes: [{ name: a, rate: 0.5 }]\nstations: [{ name: s, service: { exponential: 1 }, uncertainty: 10% }]"), new SimulationOptions { Replications = 40, HorizonSeconds = 5000, Confidence = 0.99 });

        // R = S/(1 − λS): an error of 10 % in S is one of 20 % in R, over √40 replications.
        (uncertain.System.ResponseTime.HalfWidth!.Value / uncertain.System.ResponseTime.Value).ShouldBeInRange(0.05, 0.16);
        known.System.ResponseTime.Value.ShouldBe(2, 0.1);
        uncertain.Notes.ShouldContain(note => note.Contains("uncertainty"));
    }

    [Fact]
    public void Nothing_is_allocated_per_event()
    {
        var run = new Replication(new SimulationPlan(Solve.Model(ThreeTiers)), 1, 0);
        run.RunUntil(200, 200);
        var (before, events) = (GC.GetAllocatedBytesForCurrentThread(), run.Events.Taken);
        run.RunUntil(1200, 1000);

        var perEvent = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(run.Events.Taken - events);
        (run.Events.Taken - events).ShouldBeGreaterThan(300_000);
        perEvent.ShouldBeLessThan(0.05);
    }

    private static Solution Run(QueueingModel model, SimulationOptions options) => Simulator.Solve(model, options, "test", TestContext.Current.CancellationToken);
}
