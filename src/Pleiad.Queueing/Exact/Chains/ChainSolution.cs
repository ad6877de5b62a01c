using System.Globalization;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Queueing.Exact.Chains;

/// <summary>
/// Small models by their Markov chain: whatever the simulation covers, layers, blocking, priorities and correlated arrivals among it, as long as all times are made of exponential
/// phases. Open models are cut where the probability of so many requests no longer counts.
/// </summary>
internal static class ChainSolution
{
    /// <summary>States that <c>auto</c> tries before it simulates.</summary>
    public const int StatesAuto = 100_000;

    /// <summary>States that a chain which was asked for may have.</summary>
    public const int StatesMax = 1_500_000;

    /// <summary>Customers of closed classes that <c>auto</c> makes a chain of: each step looks at all of them.</summary>
    private const int UsersAuto = 300;

    private const int UsersMax = 5000;

    /// <summary>What is cut off may change the mean number of requests by this share.</summary>
    private const double CutShare = 1e-9;

    private const int RequestsFirst = 8;

    /// <summary>Levels over which the probabilities may rise before the queue is taken to grow without end.</summary>
    private const int RisingMax = 1000;

    /// <summary>The solution, or why there is none.</summary>
    public static (Solution? Solution, string? Obstacle) TrySolve(QueueingModel model, int statesMax, string reason, CancellationToken cancellation)
    {
        if (ChainPlan.Obstacle(model) is { } obstacle)
        {
            return (null, obstacle);
        }

        Stability.Require(model);
        var users = model.Classes.Sum(each => each.Population);
        if (users > (statesMax > StatesAuto ? UsersMax : UsersAuto))
        {
            return (null, string.Create(CultureInfo.InvariantCulture, $"{users:N0} customers are too many for a Markov chain"));
        }

        var isOpen = model.Classes.Any(each => each.IsOpen);
        var plan = new ChainPlan(model);
        var most = isOpen ? users + RequestsFirst : users;
        try
        {
            while (true)
            {
                var chain = MarkovChain.Explore(plan, most, statesMax, cancellation);
                if (Stuck(chain) is { } at)
                {
                    var station = model.Stations[Math.Max(0, Enumerable.Range(0, model.Stations.Count).FirstOrDefault(k => HasOutside(plan, chain.States[at], k), 0))];
                    throw new ModelUnsolvableException(UnsolvableReason.Deadlock, station.Name, $"customers block each other in a circle at station '{station.Name}'; raise a capacity in the circle, or let full stations lose");
                }

                if (StationarySolver.Solve(chain, cancellation) is not { } p)
                {
                    return (null, string.Create(CultureInfo.InvariantCulture, $"the probabilities of its Markov chain's {chain.States.Count:N0} states do not settle"));
                }

                if (!isOpen || Enough(chain, p, most) is not { } next)
                {
                    var about = string.Create(CultureInfo.InvariantCulture, $"{reason}, with {chain.States.Count:N0} states{(isOpen ? $", cut at {most} requests" : "")}");
                    return (new ChainFigures(plan, chain, p).Write("exact Markov chain", about), null);
                }

                if (next > 100_000 || (double)chain.States.Count * next / most > 1.5 * statesMax)
                {
                    throw new ChainTooLargeException("its queues grow too long for a Markov chain");
                }

                most = next;
            }
        }
        catch (ChainTooLargeException large)
        {
            return (null, large.Message);
        }
    }

    private static bool HasOutside(ChainPlan plan, int[] text, int station)
    {
        var state = new ChainState(plan.Model.Stations.Count, plan.Model.Classes.Count);
        state.Read(text);
        return state.Outside[station].Count > 0;
    }

    private static int? Stuck(MarkovChain chain)
    {
        for (var i = 0; chain.States.Count > 1 && i < chain.States.Count; i++)
        {
            if (chain.RowStart[i] == chain.RowStart[i + 1])
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>Null when what was cut off does not count; else how many requests to cut at.</summary>
    private static int? Enough(MarkovChain chain, double[] p, int most)
    {
        var levels = new double[chain.Requests.Max() + 1];
        var mean = 0.0;
        for (var i = 0; i < p.Length; i++)
        {
            levels[chain.Requests[i]] += p[i];
            mean += p[i] * chain.Requests[i];
        }

        if (levels.Length <= most)
        {
            // Rooms keep it below the cut.
            return null;
        }

        // Beyond the cut the levels go on falling about as they did before it.
        var top = levels[most..].Sum();
        if (top == 0)
        {
            return null;
        }

        var ratio = Math.Pow(top / Math.Max(double.Epsilon, levels[most - 6]), 1.0 / 6);
        var weight = 1 / (1 - ratio);
        if (ratio >= 1 && most >= RequestsFirst)
        {
            // A burst that the cut holds up heaps the last levels. They fall as those far below do; one that is turned away would have been in the way of all others.
            var (low, high) = (most / 2, 3 * most / 4);
            ratio = levels[low] > 0 && levels[high] < levels[low] ? Math.Pow(levels[high] / levels[low], 1.0 / (high - low)) : 1;
            weight = most + (1 / (1 - ratio));
            if (ratio == 1 && most > RisingMax)
            {
                return int.MaxValue;
            }
        }

        if (ratio is > 0 and < 1 && top * (most + (1 / (1 - ratio))) * weight < CutShare * mean)
        {
            return null;
        }

        // A level that does not fall yet: twice as many show more.
        var wanted = ratio is > 0 and < 0.995 ? most + (int)Math.Ceiling(Math.Log(CutShare * 0.01 * mean * (1 - ratio) / (most * top)) / Math.Log(ratio)) + 1 : 2 * most;
        return Math.Max(most + 2, Math.Min(wanted, 4 * most));
    }
}
