namespace Pleiad.Queueing.Exact.Chains;

/// <summary>
/// Stationary probabilities π of a chain, πQ = 0. Where steps go no further than a narrow band of states, by elimination; else by Gauss and Seidel's sweeps, forth and back through states ordered by how many requests are there, and after each the weights of these
/// levels from their own small chain (aggregation: Takahashi 1975; Koury, McAllister and Stewart 1984), so that what lies far apart settles as quickly as what is near.
/// </summary>
internal sealed class StationarySolver
{
    private const int CyclesMax = 5_000;
    private const double Precision = 1e-11;
    private const double Least = 1e-290;

    /// <summary>Additions that are worth waiting for.</summary>
    private const double WorkMax = 4e9;

    /// <summary>Multiplications of an elimination that is tried first: few next to those of sweeps.</summary>
    private const double EliminationFirst = 3e7;

    /// <summary>Multiplications of an elimination that is tried when sweeps did not settle: some seconds.</summary>
    private const double EliminationMax = 3e9;

    /// <summary>Numbers that an elimination may keep.</summary>
    private const double NumbersMax = 1.5e7;

    /// <summary>Sweeps that do not come nearer in so many cycles never will.</summary>
    private const int CyclesInVain = 200;

    private readonly int[] _order;
    private readonly int[] _level;
    private readonly double[] _leaving;
    private readonly int[] _rowStart;
    private readonly int[] _source;
    private readonly double[] _rate;
    private readonly int _levels;
    private readonly int[] _sizes;
    private readonly double[] _p;

    private StationarySolver(MarkovChain chain)
    {
        var n = chain.States.Count;
        _order = [.. Enumerable.Range(0, n).OrderBy(i => chain.Requests[i])];
        var place = new int[n];
        for (var i = 0; i < n; i++)
        {
            place[_order[i]] = i;
        }

        _levels = chain.Requests.Max() + 1;
        _level = [.. _order.Select(i => chain.Requests[i])];
        _sizes = new int[_levels];
        foreach (var level in _level)
        {
            _sizes[level]++;
        }

        (_leaving, _rowStart, _p) = (new double[n], new int[n + 1], new double[n]);
        foreach (var target in chain.Target)
        {
            _rowStart[place[target] + 1]++;
        }

        for (var i = 0; i < n; i++)
        {
            _rowStart[i + 1] += _rowStart[i];
        }

        (_source, _rate) = (new int[chain.Target.Count], new double[chain.Target.Count]);
        var filled = new int[n];
        for (var from = 0; from < n; from++)
        {
            for (var at = chain.RowStart[from]; at < chain.RowStart[from + 1]; at++)
            {
                var to = place[chain.Target[at]];
                var cell = _rowStart[to] + filled[to]++;
                (_source[cell], _rate[cell]) = (place[from], chain.Rate[at]);
                _leaving[place[from]] += chain.Rate[at];
            }
        }
    }

    /// <summary>The probability of each state, or null when the sweeps do not settle.</summary>
    public static double[]? Solve(MarkovChain chain, CancellationToken cancellation)
    {
        if (chain.States.Count == 1)
        {
            return [1];
        }

        var solver = new StationarySolver(chain);
        return solver.Eliminate(EliminationFirst) || solver.Run(cancellation) || solver.Eliminate(EliminationMax) ? solver.InOrderOfFinding() : null;
    }

    private bool Eliminate(double multiplicationsMax)
    {
        var band = 1;
        for (var i = 0; i < _p.Length; i++)
        {
            for (var at = _rowStart[i]; at < _rowStart[i + 1]; at++)
            {
                band = Math.Max(band, Math.Abs(_source[at] - i));
            }
        }

        if ((double)_p.Length * band * band > multiplicationsMax || _p.Length * ((2.0 * band) + 1) > NumbersMax)
        {
            return false;
        }

        var flow = new double[_p.Length, (2 * band) + 1];
        for (var i = 0; i < _p.Length; i++)
        {
            for (var at = _rowStart[i]; at < _rowStart[i + 1]; at++)
            {
                flow[_source[at], i - _source[at] + band] += _rate[at];
            }
        }

        if (Elimination.Solve(flow, band) is not { } found)
        {
            return false;
        }

        found.CopyTo(_p, 0);
        return true;
    }

    private bool Run(CancellationToken cancellation)
    {
        Array.Fill(_p, 1.0 / _p.Length);
        var cycles = Math.Min(CyclesMax, (int)(WorkMax / (2.0 * (_rate.Length + _p.Length))));
        var (nearest, since) = (double.PositiveInfinity, 0);
        for (var cycle = 0; cycle < cycles && cycle - since < CyclesInVain; cycle++)
        {
            cancellation.ThrowIfCancellationRequested();

            // Before each sweep: with one aggregation for both, some chains of few states stand still at what is no solution.
            Aggregate();
            for (var i = 0; i < _p.Length; i++)
            {
                Relax(i);
            }

            Aggregate();
            for (var i = _p.Length - 1; i >= 0; i--)
            {
                Relax(i);
            }

            Normalize();
            if (cycle % 4 != 3)
            {
                continue;
            }

            var residual = Residual();
            if (residual < Precision)
            {
                return true;
            }

            if (residual < 0.9 * nearest)
            {
                (nearest, since) = (residual, cycle);
            }
        }

        return false;
    }

    private void Relax(int i)
    {
        var sum = 0.0;
        for (var at = _rowStart[i]; at < _rowStart[i + 1]; at++)
        {
            sum += _p[_source[at]] * _rate[at];
        }

        _p[i] = sum / _leaving[i];
    }

    private void Normalize()
    {
        var sum = _p.Sum();
        for (var i = 0; i < _p.Length; i++)
        {
            _p[i] /= sum;
        }
    }

    /// <summary>Flow that does not balance, as a share of all flow.</summary>
    private double Residual()
    {
        double off = 0, all = 0;
        for (var i = 0; i < _p.Length; i++)
        {
            var sum = 0.0;
            for (var at = _rowStart[i]; at < _rowStart[i + 1]; at++)
            {
                sum += _p[_source[at]] * _rate[at];
            }

            off += Math.Abs(sum - (_p[i] * _leaving[i]));
            all += sum;
        }

        return off / all;
    }

    /// <summary>Gives each level the weight that flows between levels balance with.</summary>
    private void Aggregate()
    {
        var weight = new double[_levels];
        for (var i = 0; i < _p.Length; i++)
        {
            weight[_level[i]] += _p[i];
        }

        // A level that is nearly never reached must not lose its weight for good.
        for (var i = 0; i < _p.Length; i++)
        {
            if (!(weight[_level[i]] > Least))
            {
                _p[i] = Least;
            }
        }

        for (var l = 0; l < _levels; l++)
        {
            weight[l] = weight[l] > Least ? weight[l] : Least * _sizes[l];
        }

        if (weight.Any(each => each == 0))
        {
            return;
        }

        // Between neighbouring levels nearly always; the band is as wide as the widest step.
        var band = 1;
        for (var i = 0; i < _p.Length; i++)
        {
            for (var at = _rowStart[i]; at < _rowStart[i + 1]; at++)
            {
                band = Math.Max(band, Math.Abs(_level[_source[at]] - _level[i]));
            }
        }

        var flow = new double[_levels, (2 * band) + 1];
        for (var i = 0; i < _p.Length; i++)
        {
            for (var at = _rowStart[i]; at < _rowStart[i + 1]; at++)
            {
                var (from, to) = (_level[_source[at]], _level[i]);
                flow[from, to - from + band] += _p[_source[at]] * _rate[at] / weight[from];
            }
        }

        if (Elimination.Solve(flow, band) is not { } level)
        {
            return;
        }

        for (var i = 0; i < _p.Length; i++)
        {
            _p[i] *= level[_level[i]] / weight[_level[i]];
        }
    }

    private double[] InOrderOfFinding()
    {
        var found = new double[_p.Length];
        for (var i = 0; i < _p.Length; i++)
        {
            found[_order[i]] = _p[i];
        }

        return found;
    }
}
