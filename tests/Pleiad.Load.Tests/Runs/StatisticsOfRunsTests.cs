using Pleiad.Distributions;
using Pleiad.Load.Results;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Tests.Kit;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Runs;

/// <summary>What arrives at the server is what was asked for.</summary>
public sealed class StatisticsOfRunsTests
{
    [Fact]
    public async Task Sessions_arrive_as_a_Poisson_process_of_the_rate_asked_for()
    {
        const double Rate = 400;
        await using var server = new KnownServer();
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("log.csv"), Workers = 2 };
        await Kit.Load.RecordAsync(Kit.Load.Read("name: poisson\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { rate: 400, duration: 4s, connections: shared }"), options);

        // Intended moments of both workers together: one process.
        var moments = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => double.Parse(line.Split(',')[0])).Order().ToList();
        var (low, high) = Statistics.PoissonInterval(Rate * 4);
        ((double)moments.Count).ShouldBeInRange(low, high);
        Statistics.KolmogorovSmirnov(moments.Zip(moments.Skip(1), (a, b) => b - a), x => 1 - Math.Exp(-Rate * x)).ShouldBeGreaterThan(Statistics.FalseAlarm);

        // And what arrived at the server: as many, none before it was meant to.
        server.Requests.Count.ShouldBe(moments.Count);
    }

    [Fact]
    public async Task Users_take_the_transitions_with_their_probabilities_and_think_as_long_as_they_should()
    {
        await using var server = new KnownServer();
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("log.csv") };
        var record = await Kit.Load.RecordAsync(
            Kit.Load.Read("""
                name: graph
                pages: { home: { url: / }, list: { url: /list }, item: { url: /item } }
                classes:
                  buyers:
                    share: 3
                    entry: { home: 0.8, list: 0.2 }
                    transitions:
                      home: { list: { probability: 0.7, think: { erlang: { mean: 20ms, phases: 4 } } }, exit: 0.3 }
                      list: { item: 0.5, list: { probability: 0.2, think: { uniform: [0s, 20ms] } }, exit: 0.3 }
                      item: { list: 0.25 }
                  lookers:
                    share: 1
                    entry: home
                    transitions: { home: { home: { probability: 0.5, think: 10ms } } }
                load: { rate: 500, duration: 3s, connections: shared }
                """), options);

        foreach (var row in record.Transitions.GroupBy(transition => (transition.Users, transition.From)).Where(row => row.Sum(each => each.Count) > 50))
        {
            var sum = row.Sum(each => each.Count);
            var possible = row.Where(each => each.Probability > 0).ToList();
            row.Except(possible).Sum(each => each.Count).ShouldBe(0, row.Key.ToString());
            if (possible.Count > 1)
            {
                Statistics.ChiSquared([.. possible.Select(each => (double)each.Count)], [.. possible.Select(each => each.Probability * sum)]).ShouldBeGreaterThan(Statistics.FalseAlarm, row.Key.ToString());
            }
        }

        var classes = record.Transitions.Where(each => each.From == "entry").GroupBy(each => each.Users).ToDictionary(group => group.Key, group => (double)group.Sum(each => each.Count));
        var all = classes.Values.Sum();
        Statistics.ChiSquared([classes["buyers"], classes["lookers"]], [0.75 * all, 0.25 * all]).ShouldBeGreaterThan(Statistics.FalseAlarm);

        // Think time: from the end of a page to the intended start of the next, by the log.
        var lines = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => line.Split(',')).GroupBy(line => line[3]).SelectMany(session => session.Zip(session.Skip(1))).ToList();
        var thinks = lines.Where(pair => pair.First[6] == "buyers" && pair.First[7] == "home" && pair.Second[7] == "list").Select(pair => double.Parse(pair.Second[0]) - double.Parse(pair.First[2])).ToList();
        thinks.Count.ShouldBeGreaterThan(200);
        Statistics.KolmogorovSmirnov(thinks, new Erlang(0.02, 4).Cumulative).ShouldBeGreaterThan(Statistics.FalseAlarm);
    }

    [Fact]
    public async Task Closed_load_has_as_many_users_as_asked_for_and_keeps_its_books()
    {
        await using var server = new KnownServer(_ => new Answer("x", Delay: TimeSpan.FromMilliseconds(20)));
        var record = await Kit.Load.RecordAsync(
            Kit.Load.Read("name: closed\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { users: 10, pause: { deterministic: 20ms }, duration: 2s }"), Kit.Load.Options(server) with { Workers = 2 });

        var total = record.Series.Total();
        var (inFlight, product) = Pleiad.Load.Trust.Conclusions.LittlesLaw(record);
        inFlight.ShouldBe(product, 0.02 * product);

        // Little's law of the users: N = X × (R + Z), but for those cut off at the end.
        var cycle = (total.Pages[0]!.FromIntended.Mean / 1e9) + 0.02;
        (total.Requests / record.Seconds * cycle).ShouldBe(10, 2.5);
        server.Requests.Select(seen => seen.Connection).Distinct().Count().ShouldBe((int)total.SessionsStarted);
    }

    [Fact]
    public async Task Users_of_a_partly_open_load_come_back_as_often_and_after_as_long_as_they_should()
    {
        const double Rate = 300, Returns = 0.4, Pause = 0.02;
        await using var server = new KnownServer();
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("log.csv"), Workers = 2 };
        var scenario = Kit.Load.Read("name: back\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { rate: 5, returns: 0.4, pause: { deterministic: 20ms }, duration: 9s, connections: shared }");

        // The level of the command line takes the place of the file's; users come back all the same.
        var plan = scenario.Load.WithLevel(LoadKind.Open, Rate, TimeSpan.FromSeconds(4));
        plan.Kind.ShouldBe(LoadKind.PartlyOpen);
        var record = await Kit.Load.RecordAsync(scenario, options, plan: plan);

        var visits = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => line.Split(','))
            .ToDictionary(line => (Session: long.Parse(line[3]), Visit: int.Parse(line[15])), line => (Intended: double.Parse(line[0]), End: double.Parse(line[2])));
        record.Transitions.Where(each => each.From == "entry").Sum(each => each.Count).ShouldBe(visits.Count);

        // Who came anew is the Poisson process asked for; who came back does not count.
        var arrived = visits.Where(each => each.Key.Visit == 0).Select(each => each.Value.Intended).Order().ToList();
        var (low, high) = Statistics.PoissonInterval(Rate * 4);
        ((double)arrived.Count).ShouldBeInRange(low, high);
        Statistics.KolmogorovSmirnov(arrived.Zip(arrived.Skip(1), (a, b) => b - a), x => 1 - Math.Exp(-Rate * x)).ShouldBeGreaterThan(Statistics.FalseAlarm);

        // Of the sessions whose users had the time to come back, a binomial share did: 5 standard deviations, false alarm below 1e-6.
        var ended = visits.Where(each => each.Value.End + Pause < record.Seconds - 0.001).ToList();
        var back = ended.Where(each => visits.ContainsKey((each.Key.Session, each.Key.Visit + 1))).ToList();
        ((double)back.Count / ended.Count).ShouldBe(Returns, 5 * Math.Sqrt(Returns * (1 - Returns) / ended.Count));

        // So the number of sessions of a user is geometric.
        var users = visits.Keys.GroupBy(key => key.Session).Where(user => visits[(user.Key, 0)].Intended < record.Seconds / 2).Select(user => user.Count()).ToList();
        double[] seen = [.. Enumerable.Range(1, 4).Select(n => (double)users.Count(count => count == n)), users.Count(count => count > 4)];
        double[] expected = [.. Enumerable.Range(0, 4).Select(n => users.Count * (1 - Returns) * Math.Pow(Returns, n)), users.Count * Math.Pow(Returns, 4)];
        Statistics.ChiSquared(seen, expected).ShouldBeGreaterThan(Statistics.FalseAlarm);

        // And they come back a pause after the answer, to the microseconds of the file.
        back.ShouldAllBe(each => Math.Abs(visits[new(each.Key.Session, each.Key.Visit + 1)].Intended - each.Value.End - Pause) < 3e-6);
    }

    [Fact]
    public async Task Users_added_while_it_runs_begin_sessions_of_their_own_numbers()
    {
        await using var server = new KnownServer(_ => new Answer("x", Delay: TimeSpan.FromMilliseconds(5)));
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("log.csv"), Workers = 2 };
        await Kit.Load.RecordAsync(Kit.Load.Read("name: closed\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { users: 4, duration: 2s }"), options, run => _ = Task.Run(async () =>
        {
            await Eventually.BecomesTrueAsync(() => run.Progress.Seconds > 0.5, TimeSpan.FromSeconds(30), () => "not begun");
            run.SetFactor(5);
        }));

        var lines = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => line.Split(',')).ToList();
        lines.Select(line => line[4]).Distinct().Count().ShouldBe(20);
        lines.Select(line => line[3]).ShouldBeUnique();
    }

    [Fact]
    public async Task The_rate_changes_while_it_runs_for_all_workers_at_once()
    {
        await using var server = new KnownServer();
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("log.csv"), Workers = 2 };
        var changed = 0.0;
        await Kit.Load.RecordAsync(Kit.Load.Read("name: one\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { rate: 50, duration: 4s, connections: shared }"), options, run => _ = Task.Run(async () =>
        {
            await Eventually.BecomesTrueAsync(() => run.Progress.Seconds > 1, TimeSpan.FromSeconds(30), () => "not begun");
            run.SetFactor(10);
            changed = run.Progress.Seconds;
        }));

        var moments = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => double.Parse(line.Split(',')[0])).ToList();
        changed.ShouldBeInRange(1, 3.5);
        var (low, high) = Statistics.PoissonInterval(500 * (4 - changed));
        ((double)moments.Count(moment => moment > changed + 0.15)).ShouldBeInRange(low - 125, high + 50);
        ((double)moments.Count(moment => moment < changed)).ShouldBeInRange(Statistics.PoissonInterval(50 * changed).Low, Statistics.PoissonInterval(50 * changed).High + 50);
    }

    [Fact]
    public async Task A_generator_that_cannot_keep_up_refuses_its_own_run()
    {
        await using var server = new KnownServer();
        var scenario = Kit.Load.Read("name: flood\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { rate: 2000000, duration: 1s, connections: shared }");
        var record = await Kit.Load.RecordAsync(scenario, Kit.Load.Options(server) with { Grace = TimeSpan.FromSeconds(1), ConnectionsMax = 64 });

        var result = RunResult.Conclude(record, new ConclusionOptions());
        result.Trust.ShouldBe(Pleiad.Load.Trust.Trustworthiness.Refused);
        result.Findings.ShouldContain(finding => finding.Weight == Pleiad.Load.Trust.Trustworthiness.Refused && finding.What.Contains("late in 1 of 100"));
        result.Findings.ShouldContain(finding => finding.What.Contains("could not even be begun"));
        RunResult.Conclude(record, new ConclusionOptions { AcceptsSaturation = true }).Trust.ShouldBe(Pleiad.Load.Trust.Trustworthiness.Marked);
    }
}
