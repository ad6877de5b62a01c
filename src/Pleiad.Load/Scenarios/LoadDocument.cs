using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Distributions.Arrivals;

namespace Pleiad.Load.Scenarios;

/// <summary>The <c>load</c> part of a scenario file.</summary>
internal static class LoadDocument
{
    private const string ArrivalRule = "give poisson, or one of { renewal: DISTRIBUTION }, { mmpp: { rates, switching } }, { trace: { times, period } }";
    private const int UsersMax = 10_000_000;
    private static readonly TimeSpan LengthMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LengthMax = TimeSpan.FromDays(30);

    public static LoadPlan Read(DocumentMap root)
    {
        var map = root.Map("load");
        var closed = map.Has("users") || map.Text("kind") == "closed";
        if (closed && map.Has("rate"))
        {
            map.Problem("users", null, "stands beside rate", "give users for a closed load or rate for an open one");
        }

        var level = closed ? map.WholeNumber("users", 0, UsersMax) : Rate(map, "rate", required: false);
        if (!closed)
        {
            map.Text("users");
        }
        else
        {
            map.Text("rate");
        }

        map.Choice("kind", ["open", "closed"]);
        var (arrivals, hasOwnRate) = ReadArrivals(map);
        var steps = Steps(map, closed);
        if (steps.Count == 0 && map.IsList("steps"))
        {
            map.Problem("steps", null, "have no step", "give steps such as { for: 1m, rate: 20 }, or rate or users instead");
        }

        var given = map.Duration("duration", LengthMin, LengthMax);
        if (steps.Count > 0 && level is not null)
        {
            map.Problem("steps", null, "stand beside a level that holds all the time", "give either steps, or rate or users");
        }

        if (closed && hasOwnRate)
        {
            map.Problem("arrivals", null, "stand beside users, who do not arrive", "leave them out, or give rate instead of users");
        }

        var duration = given ?? (steps.Count > 0 ? steps.Aggregate(TimeSpan.Zero, (sum, step) => sum + step.Length) : TimeSpan.FromSeconds(30));
        var own = hasOwnRate && level is null && steps.Count == 0 ? arrivals.RatePerSecond : (double?)null;
        var returns = map.Number("returns", 0, 0.999_999) ?? 0;
        var pause = DistributionDocument.Read(map, "pause");
        return new LoadPlan
        {
            Kind = closed ? LoadKind.Closed : returns > 0 ? LoadKind.PartlyOpen : LoadKind.Open,
            Steps = steps.Count > 0 ? steps : [new LoadStep(duration, level ?? own ?? 1, level ?? own ?? 1)],
            Duration = duration,
            Connections = map.Choice("connections", ["perUser", "shared"]) == "shared" ? ConnectionUse.Shared : ConnectionUse.PerUser,
            Arrivals = arrivals.RatePerSecond == 1 ? arrivals : arrivals.WithRate(1),
            Pause = pause,
            Returns = returns,
        };
    }

    private static List<LoadStep> Steps(DocumentMap map, bool closed)
    {
        var steps = new List<LoadStep>();
        foreach (var item in map.Maps("steps"))
        {
            var length = item.Duration("for", LengthMin, LengthMax, required: true) ?? LengthMin;
            var (key, other) = closed ? ("users", "rate") : ("rate", "users");
            if (item.Has(other))
            {
                item.Text(other);
                item.Problem(other, null, $"stands in a step of {(closed ? "a closed" : "an open")} load", $"give {key}{(closed ? "" : ", or 'kind: closed' beside the steps")}");
            }

            var level = Level(item, key, closed);
            var (from, to) = (Level(item, "from", closed), Level(item, "to", closed));
            if (level is null == (from is null && to is null))
            {
                item.Problem(key, null, "is not what a step needs", $"give {key}, or from and to for a ramp");
            }

            steps.Add(new LoadStep(length, level ?? from ?? (steps.Count > 0 ? steps[^1].To : 0), level ?? to ?? from ?? 0));
        }

        return steps;
    }

    private static double? Level(DocumentMap item, string key, bool closed) => closed ? item.WholeNumber(key, 0, UsersMax) : Rate(item, key, required: false);

    public static double? Rate(DocumentMap map, string key, bool required)
    {
        if (map.Text(key, required, rule: Times.RateRule) is not { } text)
        {
            return null;
        }

        if (Times.TryRate(text, out var rate))
        {
            return rate;
        }

        map.Problem(key, text, "is no rate", Times.RateRule);
        return null;
    }

    /// <summary>The process, and whether it has a rate of its own.</summary>
    private static (ArrivalProcess Process, bool HasOwnRate) ReadArrivals(DocumentMap map)
    {
        var poisson = (new PoissonArrivals(1), false);
        if (!map.IsMap("arrivals"))
        {
            map.Choice("arrivals", ["poisson"]);
            return poisson;
        }

        var inner = map.Map("arrivals");
        try
        {
            if (inner.Has("renewal"))
            {
                return DistributionDocument.Read(inner, "renewal") is { } interval ? (new RenewalArrivals(interval), true) : poisson;
            }

            if (inner.IsMap("mmpp"))
            {
                var mmpp = inner.Map("mmpp");
                var rates = Numbers(mmpp, "rates", mmpp.TextList("rates"));
                var flat = Numbers(mmpp, "switching", mmpp.TextList("switching"));
                var n = rates.Count;
                if (n < 2 || flat.Count != n * (n - 1))
                {
                    mmpp.Problem("switching", null, "does not fit the rates", "give at least two rates, and for each state the rates of going to every other state in order");
                    return poisson;
                }

                var matrix = Enumerable.Range(0, n).Select(i => (IReadOnlyList<double>)[.. Enumerable.Range(0, n).Select(j => j == i ? 0 : flat[(i * (n - 1)) + (j < i ? j : j - 1)])]).ToList();
                return (MarkovianArrivals.Modulated(rates, matrix), true);
            }

            if (inner.IsMap("trace"))
            {
                var trace = inner.Map("trace");
                var times = trace.TextList("times").Select(text => Times.TrySeconds(text, out var time) ? time : double.NaN).ToList();
                var period = trace.Text("period", required: true, rule: Times.Rule) is { } text && Times.TrySeconds(text, out var seconds) ? seconds : double.NaN;
                return (new TraceArrivals(times, period), true);
            }
        }
        catch (ArgumentException error)
        {
            map.Problem("arrivals", null, "are not possible", error.Message.Split(" (Parameter")[0]);
            return poisson;
        }

        map.Problem("arrivals", null, "name no process", ArrivalRule);
        return poisson;
    }

    private static List<double> Numbers(DocumentMap map, string key, IReadOnlyList<string> texts)
    {
        var numbers = new List<double>();
        foreach (var text in texts)
        {
            if (Times.TryRate(text, out var value) || double.TryParse(text, CultureInfo.InvariantCulture, out value))
            {
                numbers.Add(value);
            }
            else
            {
                map.Problem(key, text, "is no rate", Times.RateRule);
            }
        }

        return numbers;
    }
}
