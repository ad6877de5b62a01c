namespace Pleiad.Queueing.Exact;

/// <summary>A station of a product-form network: demands D of the closed classes, work ρ that open classes bring, and speeds α.</summary>
/// <param name="Demand">D by closed class, in seconds.</param>
/// <param name="OpenLoad">ρ = Σ λ·D of the open classes.</param>
/// <param name="Speed">α(1), α(2), …; the last holds for more. One entry is a single server of that speed.</param>
internal sealed record ProductFormStation(double[] Demand, double OpenLoad, double[] Speed)
{
    public bool IsSingleServer => Speed.Length == 1;
}

/// <summary>What is known of a station in the steady state.</summary>
/// <param name="Closed">Mean customers by closed class.</param>
/// <param name="Open">Mean customers of all open classes together.</param>
/// <param name="Busy">Probability that somebody is there.</param>
internal sealed record ProductFormFigures(double[] Closed, double Open, double Busy);

/// <summary>
/// Closed and mixed product-form networks by normalization constants (Buzen 1973; Reiser and Kobayashi 1975). Only positive numbers are added, so that it stays exact where mean value
/// analysis with marginal probabilities loses its digits: many servers under high load.
/// G(n) = Σ over all ways to place n customers of Π F_k(n_k), with F_k(j) = |j|!/Πj_r! · ΠD_r^j_r / Πα(i). With open classes α becomes α' so that Πα' holds the sum over their numbers.
/// </summary>
internal sealed class Convolution
{
    private readonly Lattice _lattice;
    private readonly double[] _think;
    private readonly ProductFormStation[] _stations;
    private readonly EffectiveSpeed[] _speeds;

    /// <param name="populations">N by closed class.</param>
    /// <param name="think">Time outside of all queues by closed class: think time and the demands at delay stations.</param>
    /// <param name="stations">The stations with queues.</param>
    public Convolution(int[] populations, double[] think, ProductFormStation[] stations)
    {
        (_lattice, _think, _stations) = (new Lattice(populations), think, stations);
        _speeds = [.. stations.Select(station => new EffectiveSpeed(station, populations.Sum()))];
    }

    /// <summary>Throughput by closed class, and the figures of each station.</summary>
    public (double[] Throughput, ProductFormFigures[] Stations) Solve()
    {
        var all = Constants(-1);
        var whole = all[_lattice.Last];
        var throughput = _lattice.Populations.Select((n, r) => n == 0 ? 0 : Wide.Ratio(all[_lattice.Last - _lattice.Stride(r)], whole)).ToArray();
        return (throughput, [.. _stations.Select((station, k) => station.IsSingleServer ? Single(k, all, throughput) : Dependent(k, whole))]);
    }

    /// <summary>Steps that a solution takes, roughly.</summary>
    public static double Cost(int[] populations, IEnumerable<ProductFormStation> stations)
    {
        var size = Lattice.SizeOf(populations);
        var closed = populations.Count(n => n > 0);
        var each = stations.Select(station => Math.Min(size, Combinations(Math.Min(station.Speed.Length, populations.Sum() + 1), closed))).ToArray();
        var dependent = stations.Count(station => !station.IsSingleServer);
        return size * each.Sum() * (1 + dependent);
    }

    private static double Combinations(int length, int classes)
    {
        var count = 1.0;
        for (var r = 1; r <= classes; r++)
        {
            count *= (length - 1.0 + r) / r;
        }

        return count;
    }

    private ProductFormFigures Single(int k, Wide[] all, double[] throughput)
    {
        var station = _stations[k];
        var demand = _speeds[k].SingleDemand(station.Demand);
        var closed = new double[demand.Length];
        if (demand.Any(d => d > 0))
        {
            // The station once more: its constants weigh each state by the customers there.
            var twice = (Wide[])all.Clone();
            AddSingle(twice, demand);
            for (var r = 0; r < demand.Length; r++)
            {
                closed[r] = _lattice.Populations[r] == 0 ? 0 : demand[r] * Wide.Ratio(twice[_lattice.Last - _lattice.Stride(r)], all[_lattice.Last]);
            }
        }

        var open = _speeds[k].OpenGiven(closed.Sum());
        return new ProductFormFigures(closed, open, (station.OpenLoad + throughput.Zip(station.Demand, (x, d) => x * d).Sum()) / station.Speed[0]);
    }

    private ProductFormFigures Dependent(int k, Wide whole)
    {
        var without = Constants(k);
        var factors = Factors(k);
        var closed = new double[_lattice.Populations.Length];
        var open = 0.0;
        var empty = 0.0;
        var vector = new int[closed.Length];
        for (var j = 0; j < _lattice.Size; j++)
        {
            var p = Wide.Ratio(factors[j] * without[_lattice.Last - j], whole);
            var total = 0;
            for (var r = 0; r < closed.Length; r++)
            {
                closed[r] += p * vector[r];
                total += vector[r];
            }

            open += p * _speeds[k].OpenGiven(total);
            if (j == 0)
            {
                empty = p * _speeds[k].NoneOpenGivenNoneClosed;
            }

            _lattice.Advance(vector);
        }

        return new ProductFormFigures(closed, open, 1 - empty);
    }

    /// <summary>G over the whole lattice, of all stations but one.</summary>
    private Wide[] Constants(int except)
    {
        var g = new Wide[_lattice.Size];
        var vector = new int[_think.Length];
        for (var n = 0; n < g.Length; n++)
        {
            g[n] = n == 0 ? Wide.One : 0;
            var r = Array.FindIndex(vector, count => count > 0);
            if (r >= 0)
            {
                g[n] = _think[r] / vector[r] * g[n - _lattice.Stride(r)];
            }

            _lattice.Advance(vector);
        }

        for (var k = 0; k < _stations.Length; k++)
        {
            if (k == except || !_stations[k].Demand.Any(d => d > 0))
            {
                continue;
            }

            if (_stations[k].IsSingleServer)
            {
                AddSingle(g, _speeds[k].SingleDemand(_stations[k].Demand));
            }
            else
            {
                g = AddDependent(g, k);
            }
        }

        return g;
    }

    /// <summary>G(n) ← G(n) + Σ D_r G(n − 1_r), in place.</summary>
    private void AddSingle(Wide[] g, double[] demand)
    {
        var vector = new int[demand.Length];
        for (var n = 0; n < g.Length; n++)
        {
            for (var r = 0; r < demand.Length; r++)
            {
                if (vector[r] > 0 && demand[r] > 0)
                {
                    g[n] += demand[r] * g[n - _lattice.Stride(r)];
                }
            }

            _lattice.Advance(vector);
        }
    }

    /// <summary>
    /// With speeds that stay α from L customers on: the part of the sum with fewer than L is added term by term, the rest H follows from
    /// H(n) = Σ D_r / α · (H(n − 1_r) + T(n − 1_r)), T being the terms with exactly L − 1.
    /// </summary>
    private Wide[] AddDependent(Wide[] g, int k)
    {
        var demand = _stations[k].Demand;
        var speed = _speeds[k];
        var small = new List<(int[] Vector, int Number, int Total, Wide Factor)>();
        var factors = Factors(k);
        var at = new int[demand.Length];
        for (var j = 0; j < g.Length; j++)
        {
            var total = at.Sum();
            if (total < speed.Length)
            {
                small.Add(((int[])at.Clone(), j, total, factors[j]));
            }

            _lattice.Advance(at);
        }

        var result = new Wide[g.Length];
        var rest = new Wide[g.Length];
        var edge = new Wide[g.Length];
        var vector = new int[demand.Length];
        for (var n = 0; n < g.Length; n++)
        {
            Wide sum = 0;
            foreach (var (below, number, total, factor) in small)
            {
                if (IsWithin(below, vector) && !factor.IsZero)
                {
                    var term = factor * g[n - number];
                    sum += term;
                    if (total == speed.Length - 1)
                    {
                        edge[n] += term;
                    }
                }
            }

            for (var r = 0; r < demand.Length; r++)
            {
                if (vector[r] > 0 && demand[r] > 0)
                {
                    var before = n - _lattice.Stride(r);
                    rest[n] += demand[r] / speed.Last * (rest[before] + edge[before]);
                }
            }

            result[n] = sum + rest[n];
            _lattice.Advance(vector);
        }

        return result;
    }

    /// <summary>F(j) = Σ D_r F(j − 1_r) / α(|j|) over the whole lattice.</summary>
    private Wide[] Factors(int k)
    {
        var demand = _stations[k].Demand;
        var factors = new Wide[_lattice.Size];
        var vector = new int[demand.Length];
        for (var j = 0; j < factors.Length; j++)
        {
            factors[j] = j == 0 ? Wide.One : 0;
            for (var r = 0; r < demand.Length; r++)
            {
                if (vector[r] > 0 && demand[r] > 0)
                {
                    factors[j] += demand[r] / _speeds[k].At(vector.Sum()) * factors[j - _lattice.Stride(r)];
                }
            }

            _lattice.Advance(vector);
        }

        return factors;
    }

    private static bool IsWithin(int[] below, int[] vector)
    {
        for (var r = 0; r < below.Length; r++)
        {
            if (below[r] > vector[r])
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>
/// The speed that closed customers see when open ones share the station: with A(n) = Σ_l C(n+l, l) ρ^l / Π_{i≤n+l} α(i), it is α'(n) = A(n−1) / A(n), and α_L − ρ from L customers on.
/// </summary>
internal sealed class EffectiveSpeed
{
    private readonly double[] _speed;
    private readonly double[] _openGiven;
    private readonly double[] _original;
    private readonly double _load;

    /// <param name="station">The station.</param>
    /// <param name="closedMax">Closed customers that may be there at most.</param>
    public EffectiveSpeed(ProductFormStation station, int closedMax)
    {
        (_original, _load) = (station.Speed, station.OpenLoad);
        if (station.IsSingleServer || _load == 0)
        {
            (_speed, _openGiven) = (station.Speed, []);
            NoneOpenGivenNoneClosed = 1 - (_load / _original[0]);
            return;
        }

        // A(n) relative to Π_{i≤n} α(i), with the mean number of open customers beside it; only as far as closed customers come.
        var length = Math.Min(station.Speed.Length, closedMax);
        var sums = new Wide[length + 1];
        _openGiven = new double[length + 1];
        for (var n = 0; n <= length; n++)
        {
            (sums[n], _openGiven[n]) = Open(n);
        }

        NoneOpenGivenNoneClosed = Wide.Ratio(Wide.One, sums[0]);

        // α'(L) itself is not yet the limit: it still depends on A(L − 1).
        _speed = [.. Enumerable.Range(1, length).Select(n => Original(n) * Wide.Ratio(sums[n - 1], sums[n])), station.Speed[^1] - _load];
    }

    /// <summary>
    /// Σ_l C(n+l, l) ρ^l / Π_{n&lt;i≤n+l} α(i), and the mean of l with these weights. The sum of a thousand servers leaves the range of doubles, so all three are kept relative to a scale.
    /// </summary>
    private (Wide Sum, double Mean) Open(int n)
    {
        const double scale = 1e100;
        double term = 1, sum = 1, mean = 0;
        Wide scales = 1;
        for (var l = 1; l < 100_000_000 && (term > 1e-18 * sum || _load * (n + l) > l * Original(n + l)); l++)
        {
            term *= (double)(n + l) / l * _load / Original(n + l);
            sum += term;
            mean += l * term;
            if (sum > scale)
            {
                (term, sum, mean, scales) = (term / scale, sum / scale, mean / scale, scale * scales);
            }
        }

        return (sum * scales, mean / sum);
    }

    public int Length => _speed.Length;

    public double Last => _speed[^1];

    public double NoneOpenGivenNoneClosed { get; }

    public double At(int customers) => _speed[Math.Min(customers, _speed.Length) - 1];

    /// <summary>Demands that stand for a single server which open customers slow down.</summary>
    public double[] SingleDemand(double[] demand) => [.. demand.Select(d => d / (_original[0] - _load))];

    /// <summary>Mean number of open customers while that many closed ones are there.</summary>
    public double OpenGiven(int closed) => closed < _openGiven.Length ? _openGiven[closed] : OpenGiven((double)closed);

    /// <summary>The same where the speed changes no more: with the mean number of closed ones.</summary>
    public double OpenGiven(double closed) => (closed + 1) * _load / (_original[^1] - _load);

    private double Original(int customers) => _original[Math.Min(customers, _original.Length) - 1];
}
