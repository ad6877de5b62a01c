using MathNet.Numerics.LinearAlgebra;
using Pleiad.Distributions.Random;

namespace Pleiad.Distributions.Arrivals;

/// <summary>A Markovian arrival process (MAP): a chain in continuous time, some of whose steps bring an arrival. With D1 diagonal it is Markov-modulated Poisson (MMPP).</summary>
public sealed class MarkovianArrivals : ArrivalProcess
{
    private readonly double[][] _silent;
    private readonly double[][] _arriving;
    private readonly double[] _stationary;
    private readonly double[] _afterArrival;

    /// <summary>From its two matrices of rates per second.</summary>
    /// <param name="silent">D0: steps without an arrival off the diagonal; on it minus the sum of all rates of the row in both matrices.</param>
    /// <param name="arriving">D1: steps with an arrival.</param>
    public MarkovianArrivals(IReadOnlyList<IReadOnlyList<double>> silent, IReadOnlyList<IReadOnlyList<double>> arriving)
    {
        var n = silent.Count;
        if (n == 0 || arriving.Count != n || silent.Concat(arriving).Any(row => row.Count != n))
        {
            throw new ArgumentException("give two square matrices of the same size", nameof(silent));
        }

        for (var i = 0; i < n; i++)
        {
            var sum = silent[i].Sum() + arriving[i].Sum();
            if (!(Math.Abs(sum) <= 1e-6 * Math.Abs(silent[i][i])) || arriving[i].Any(rate => !(rate >= 0)) || silent[i].Where((rate, j) => j != i && !(rate >= 0)).Any())
            {
                throw new ArgumentException($"row {i + 1}: give rates of at least 0 off the diagonal, and rows of D0 + D1 with sum 0", nameof(silent));
            }
        }

        _silent = [.. silent.Select(row => row.ToArray())];
        _arriving = [.. arriving.Select(row => row.ToArray())];

        // π (D0 + D1) = 0, Σπ = 1: the last equation gives way to the sum.
        var balance = Matrix<double>.Build.Dense(n, n, (i, j) => i == n - 1 ? 1 : _silent[j][i] + _arriving[j][i]);
        _stationary = [.. balance.Solve(Vector<double>.Build.Dense(n, i => i == n - 1 ? 1 : 0))];
        RatePerSecond = _stationary.Select((p, i) => p * _arriving[i].Sum()).Sum();
        if (!(RatePerSecond > 0) || !double.IsFinite(RatePerSecond) || _stationary.Any(p => p < -1e-9))
        {
            throw new ArgumentException("the chain does not reach all its states, or brings no arrivals", nameof(arriving));
        }

        // Between arrivals the time is of phase type, beginning as arrivals leave the chain.
        _afterArrival = [.. Enumerable.Range(0, n).Select(j => Math.Clamp(_stationary.Select((p, i) => p * _arriving[i][j]).Sum() / RatePerSecond, 0, 1))];
        SquaredVariation = Interval.SquaredVariation;
    }

    /// <summary>A Markov-modulated Poisson process.</summary>
    /// <param name="rates">Arrivals per second in each state.</param>
    /// <param name="switching">Rates per second between states; on the diagonal 0, or minus the sum of the others of its row.</param>
    public static MarkovianArrivals Modulated(IReadOnlyList<double> rates, IReadOnlyList<IReadOnlyList<double>> switching)
    {
        var n = rates.Count;
        if (switching.Count != n || switching.Any(row => row.Count != n))
        {
            throw new ArgumentException("give a square matrix with a row for each rate", nameof(switching));
        }

        var off = switching.Select((row, i) => row.Where((_, j) => j != i).Sum()).ToArray();
        if (Enumerable.Range(0, n).FirstOrDefault(i => switching[i][i] != 0 && Math.Abs(switching[i][i] + off[i]) > 1e-6 * Math.Abs(switching[i][i]), -1) is var wrong and >= 0)
        {
            throw new ArgumentException($"row {wrong + 1}: give 0 on the diagonal, or minus the sum of the other rates of the row", nameof(switching));
        }

        return new MarkovianArrivals(
            [.. Enumerable.Range(0, n).Select(i => (IReadOnlyList<double>)[.. Enumerable.Range(0, n).Select(j => i == j ? -off[i] - rates[i] : switching[i][j])])],
            [.. Enumerable.Range(0, n).Select(i => (IReadOnlyList<double>)[.. Enumerable.Range(0, n).Select(j => i == j ? rates[i] : 0)])]);
    }

    /// <summary>D0: rates per second of steps without an arrival, and minus the rate of leaving on the diagonal.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Silent => _silent;

    /// <summary>D1: rates per second of steps with an arrival.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Arriving => _arriving;

    /// <inheritdoc/>
    public override string Name => "map";

    /// <inheritdoc/>
    public override double RatePerSecond { get; }

    /// <inheritdoc/>
    public override double SquaredVariation { get; }

    /// <summary>The time between two arrivals, alone: of phase type, beginning as arrivals leave the chain.</summary>
    public PhaseType Interval => new(_afterArrival, _silent);

    /// <summary>Correlation between the time before an arrival and that before the one <paramref name="lag"/> arrivals later, −1 to 1.</summary>
    /// <param name="lag">1 or more.</param>
    public double Autocorrelation(int lag)
    {
        // E[X₀X_k] = φ M P^k M 1 with M = (−D0)⁻¹ and P = M D1 from arrival to arrival.
        ArgumentOutOfRangeException.ThrowIfLessThan(lag, 1);
        var n = _silent.Length;
        var m = Matrix<double>.Build.Dense(n, n, (i, j) => -_silent[i][j]).Inverse();
        var p = m * Matrix<double>.Build.Dense(n, n, (i, j) => _arriving[i][j]);
        var row = Vector<double>.Build.Dense(_afterArrival) * m;
        for (var step = 0; step < lag; step++)
        {
            row *= p;
        }

        var mean = 1 / RatePerSecond;
        var variance = SquaredVariation * mean * mean;
        return ((row * m).Sum() - (mean * mean)) / variance;
    }

    /// <inheritdoc/>
    public override ArrivalSource Start(RandomStream random) => new Source(this, random);

    /// <inheritdoc/>
    public override ArrivalProcess WithRate(double ratePerSecond)
    {
        var factor = ratePerSecond / RatePerSecond;
        return new MarkovianArrivals(Times(_silent, factor), Times(_arriving, factor));
    }

    private static IReadOnlyList<IReadOnlyList<double>> Times(double[][] matrix, double factor) => [.. matrix.Select(row => (IReadOnlyList<double>)[.. row.Select(rate => rate * factor)])];

    private sealed class Source : ArrivalSource
    {
        private readonly MarkovianArrivals _process;
        private readonly RandomStream _random;
        private int _state;
        private double _now;

        public Source(MarkovianArrivals process, RandomStream random)
        {
            (_process, _random) = (process, random);
            var u = random.NextDouble();
            while (_state < process._stationary.Length - 1 && u >= process._stationary[_state])
            {
                u -= process._stationary[_state++];
            }
        }

        public override double Next()
        {
            while (true)
            {
                var leaving = -_process._silent[_state][_state];
                _now += _random.NextExponential() / leaving;
                var u = _random.NextDouble() * leaving;
                var n = _process._silent.Length;
                for (var j = 0; j < 2 * n; j++)
                {
                    var rate = j < n ? (j == _state ? 0 : _process._silent[_state][j]) : _process._arriving[_state][j - n];
                    if (u < rate || (j == (2 * n) - 1 && rate > 0))
                    {
                        _state = j % n;
                        if (j >= n)
                        {
                            return _now;
                        }

                        break;
                    }

                    u -= rate;
                }
            }
        }
    }
}
