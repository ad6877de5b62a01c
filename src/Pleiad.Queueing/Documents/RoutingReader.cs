using MathNet.Numerics.LinearAlgebra;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Documents;

/// <summary>A class's routing, and the visits that follow from it.</summary>
internal sealed record Route(Routing Routing, IReadOnlyList<double> Visits);

/// <summary>Reads <c>routing: { class: { start: { web: 1 }, web: { app: 0.6, end: 0.4 } } }</c> and refuses ways without an end.</summary>
internal static class RoutingReader
{
    private const string Start = "start";
    private const string End = "end";

    public static IReadOnlyList<Route?> Read(DocumentNode? routing, IReadOnlyList<string> classes, IReadOnlyList<string> stations, IReadOnlyList<CustomerClass> customers)
    {
        var routes = new Route?[classes.Count];
        foreach (var (name, node) in routing?.Entries("give { class: { start: …, station: { station: probability, end: probability } } }") ?? [])
        {
            var c = classes.ToList().IndexOf(name);
            if (c < 0)
            {
                node.Problem(name, "is no class", $"classes: {string.Join(", ", classes)}");
                continue;
            }

            routes[c] = Class(node, stations, !customers[c].IsOpen);
        }

        return routes;
    }

    private static Route? Class(DocumentNode node, IReadOnlyList<string> stations, bool isClosed)
    {
        var n = stations.Count;
        var start = new double[n];
        var next = new double[n][];
        var lines = new DocumentNode?[n];
        var good = true;
        var reference = -1;
        if (isClosed && node.Child("reference") is { } given && (reference = stations.ToList().IndexOf(given.Scalar ?? "")) < 0)
        {
            given.Problem("is no station", $"stations: {string.Join(", ", stations)}");
            return null;
        }

        foreach (var (from, row) in node.Entries("give { start: …, station: { station: probability, end: probability } }").Where(entry => entry.Key != "reference"))
        {
            var k = stations.ToList().IndexOf(from);
            if (k < 0 && from != Start)
            {
                row.Problem(from, "is no station", $"stations: {string.Join(", ", stations)}, and '{Start}'");
                good = false;
                continue;
            }

            var shares = Row(row, stations);
            good &= shares is not null;
            if (k < 0)
            {
                start = shares ?? start;
            }
            else
            {
                (next[k], lines[k]) = (shares!, row);
            }
        }

        if (!good)
        {
            return null;
        }

        if (reference >= 0)
        {
            // An interaction is what happens from one visit of the reference station to the next: it begins behind it and ends with it.
            if (next[reference] is null)
            {
                node.Problem(null, "has no way on from its reference station", $"give '{stations[reference]}: {{ … }}'");
                return null;
            }

            start = next[reference];
            next[reference] = new double[n];
        }
        else if (start.Sum() <= 0)
        {
            node.Problem(null, "has no beginning", isClosed ? $"give '{Start}: station', or 'reference: station' when customers never leave" : $"give '{Start}: station'");
            return null;
        }

        return Checked(node, stations, start, next, lines, isClosed);
    }

    /// <summary>Probabilities of going to each station; what is missing to 1 goes to the end.</summary>
    private static double[]? Row(DocumentNode row, IReadOnlyList<string> stations)
    {
        var shares = new double[stations.Count];
        var remedy = $"give a station, or {{ station: probability, {End}: probability }} with sum 1";
        IReadOnlyList<(string Key, DocumentNode Value)> entries = row.Scalar is { } single ? [(single, row)] : row.Entries(remedy);
        var sum = 0.0;
        foreach (var (to, value) in entries)
        {
            var k = stations.ToList().IndexOf(to);
            if (k < 0 && to != End)
            {
                value.Problem(to, "is no station", $"stations: {string.Join(", ", stations)}, and '{End}'");
                return null;
            }

            var share = row.Scalar is null ? value.Number(0, 1, "probability") : 1;
            if (share is null)
            {
                return null;
            }

            sum += share.Value;
            if (k >= 0)
            {
                shares[k] += share.Value;
            }
        }

        if (Math.Abs(sum - 1) > 1e-6)
        {
            row.Problem(FormattableString.Invariant($"{sum:G6}"), "is the sum of the probabilities", $"make them sum to 1; what leaves goes to '{End}'");
            return null;
        }

        return shares;
    }

    private static Route? Checked(DocumentNode node, IReadOnlyList<string> stations, double[] start, double[][] next, DocumentNode?[] lines, bool isClosed)
    {
        var n = stations.Count;
        var reached = Reach(start, next);
        foreach (var k in Enumerable.Range(0, n).Where(k => reached[k] && next[k] is null))
        {
            node.Problem(stations[k], "is reached and has no way on", $"give '{stations[k]}: {{ … }}', for example '{stations[k]}: {End}'");
            return null;
        }

        var matrix = next.Select(row => row ?? new double[n]).ToArray();

        // From which stations the end can be reached.
        var ends = matrix.Select(row => row.Sum() < 1 - 1e-9).ToArray();
        for (var round = 0; round < n; round++)
        {
            for (var k = 0; k < n; k++)
            {
                ends[k] |= matrix[k].Where((share, to) => share > 0 && ends[to]).Any();
            }
        }

        if (Enumerable.Range(0, n).FirstOrDefault(k => reached[k] && !ends[k], -1) is var trap and >= 0)
        {
            (lines[trap] ?? node).Problem(stations[trap], "is on a way that never leaves", $"give a share to '{End}'{(isClosed ? ", or name a station where a round is complete with 'reference'" : "")}");
            return null;
        }

        var balance = Matrix<double>.Build.Dense(n, n, (i, j) => (i == j ? 1 : 0) - matrix[j][i]);
        var visits = balance.Solve(Vector<double>.Build.Dense(start));
        return new Route(new Routing(start, matrix), [.. visits.Select((v, k) => reached[k] ? Math.Max(0, v) : 0)]);
    }

    private static bool[] Reach(double[] start, double[]?[] next)
    {
        var reached = start.Select(share => share > 0).ToArray();
        for (var round = 0; round < start.Length; round++)
        {
            for (var k = 0; k < start.Length; k++)
            {
                for (var to = 0; reached[k] && to < start.Length; to++)
                {
                    reached[to] |= next[k] is { } row && row[to] > 0;
                }
            }
        }

        return reached;
    }
}
