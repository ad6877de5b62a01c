using System.Globalization;
using System.Text.Json;
using Pleiad.Bench;
using Pleiad.Bench.Simulation;
using Pleiad.Queueing.Simulation;
using Spectre.Console;

// Events per second of CPU time: a bare loop around .NET's priority queue, Pleiad's simulator on three models, and SimPy on the same three. They take turns, so that noise of the
// machine meets all of them. An event is what takes a thing from the list of things to come: for SimPy each step of its environment.
// Usage: dotnet run -c Release --project bench/simulation -- [--short] [--json]
return await Interruption.RunAsync(ended => Task.FromResult(Measure(ended)));

int Measure(CancellationToken ended)
{
    var rounds = args.Contains("--short") ? 3 : 9;
    var json = args.Contains("--json");
    var simpy = SimPy.Find();
    var contenders = new List<(string Name, Func<int, (long Events, double Seconds)> Run)>
    {
        ("bare loop M/M/1", round => Clock.Of(() => BareLoop.Run(0.9, 1, 4_000_000, round))),
        ("pleiad M/M/1", round => Pleiad(Models.SingleServer(), 2_200_000, round)),
        ("pleiad three tiers", round => Pleiad(Models.ThreeTiers(), 11_000, round)),
        ("pleiad layered", round => Pleiad(Models.Layered(), 8_000, round)),
    };
    if (simpy is not null)
    {
        contenders.Add(("simpy M/M/1", round => simpy.Run("mm1", round, ended)));
        contenders.Add(("simpy three tiers", round => simpy.Run("tiers", round, ended)));
        contenders.Add(("simpy layered", round => simpy.Run("layered", round, ended)));
    }
    else
    {
        Console.Error.WriteLine("SimPy is not here: apt-get install python3-simpy3");
    }

    var rates = contenders.ToDictionary(each => each.Name, _ => new List<double>());
    for (var round = -1; round < rounds; round++)
    {
        foreach (var (name, run) in contenders)
        {
            ended.ThrowIfCancellationRequested();
            var (events, seconds) = run(round + 1);
            if (round >= 0)
            {
                rates[name].Add(events / seconds / 1e6);
            }
        }
    }

    var bare = Median(rates["bare loop M/M/1"]);
    var results = contenders.Select(each => new
    {
        name = each.Name,
        n = rounds,
        millionEventsPerSecond = Math.Round(Median(rates[each.Name]), 3),
        min = Math.Round(rates[each.Name].Min(), 3),
        max = Math.Round(rates[each.Name].Max(), 3),
        ratioToBare = Math.Round(Median(rates[each.Name]) / bare, 3),
    }).ToList();
    if (json)
    {
        Console.WriteLine(JsonSerializer.Serialize(new { benchmark = "simulation", cores = Environment.ProcessorCount, goal = new { millionEventsPerSecond = 10, ratioToBare = 0.5 }, results }));
    }
    else
    {
        var table = new Table().AddColumns("model", "M events / s of CPU", "min", "max", "ratio to the bare loop");
        foreach (var row in results)
        {
            table.AddRow(row.name, Text(row.millionEventsPerSecond), Text(row.min), Text(row.max), Text(row.ratioToBare));
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{Environment.ProcessorCount} cores, medians of {rounds}; goal for M/M/1: at least 10 M events/s and 0.5 of the bare loop");
    }

    return results.Single(row => row.name == "pleiad M/M/1") is { millionEventsPerSecond: >= 10, ratioToBare: >= 0.5 } ? 0 : 1;
}

static (long Events, double Seconds) Pleiad(global::Pleiad.Queueing.Model.QueueingModel model, double seconds, int round)
{
    var run = new Replication(new SimulationPlan(model), 1, round);
    return Clock.Of(() =>
    {
        run.RunUntil(seconds, seconds / 100);
        return run.Events.Taken;
    });
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);
