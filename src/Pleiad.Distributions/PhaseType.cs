using MathNet.Numerics.LinearAlgebra;
using Pleiad.Distributions.Random;

namespace Pleiad.Distributions;

/// <summary>Time until a Markov chain in continuous time is absorbed: dense among all distributions of times.</summary>
public sealed class PhaseType : Distribution
{
    private readonly double[] _initial;
    private readonly double[][] _generator;
    private readonly double[] _holding;
    private readonly Erlang[]? _branches;
    private readonly double[] _shares = [];

    /// <summary>From its first phase and its generator.</summary>
    /// <param name="initial">Probability of beginning in each phase; what is missing to 1 is a time of 0.</param>
    /// <param name="generator">Rates per second between phases (off the diagonal, 0 or more) and minus the rate of leaving each (on it); rows sum to at most 0, one to less.</param>
    public PhaseType(IReadOnlyList<double> initial, IReadOnlyList<IReadOnlyList<double>> generator)
    {
        var n = initial.Count;
        if (n == 0 || generator.Count != n || generator.Any(row => row.Count != n))
        {
            throw new ArgumentException("give a square matrix with a row for each phase", nameof(generator));
        }

        if (initial.Any(p => p is < 0 or > 1) || initial.Sum() > 1 + 1e-9)
        {
            throw new ArgumentException("give probabilities from 0 to 1 with a sum of at most 1", nameof(initial));
        }

        for (var i = 0; i < n; i++)
        {
            if (!(generator[i][i] < 0) || generator[i].Where((rate, j) => j != i && !(rate >= 0)).Any() || generator[i].Sum() > -generator[i][i] * 1e-9)
            {
                throw new ArgumentException($"row {i + 1}: give minus the rate of leaving on the diagonal, rates of at least 0 elsewhere, and a sum of at most 0", nameof(generator));
            }
        }

        _initial = [.. initial];
        _generator = [.. generator.Select(row => row.ToArray())];
        _holding = [.. Enumerable.Range(0, n).Select(i => -1 / generator[i][i])];

        // Moments: m_k = k! α (−T)^−k 1.
        var minus = Matrix<double>.Build.Dense(n, n, (i, j) => -_generator[i][j]);
        var ones = Vector<double>.Build.Dense(n, 1);
        var once = minus.Solve(ones);
        var twice = minus.Solve(once);
        var alpha = Vector<double>.Build.Dense(_initial);
        Mean = alpha * once;
        if (!double.IsFinite(Mean) || Mean < 0)
        {
            throw new ArgumentException("the chain is never absorbed: give one row a sum below 0", nameof(generator));
        }

        Variance = Math.Max(0, (2 * (alpha * twice)) - (Mean * Mean));
    }

    private PhaseType(double[] shares, Erlang[] branches, double[] initial, double[][] generator)
        : this(initial, generator) => (_shares, _branches) = (shares, branches);

    /// <summary>Erlang times of which one is drawn first (hyper-Erlang): dense among all distributions too, and quick to work with.</summary>
    /// <param name="probabilities">Probability of each branch; they sum to 1.</param>
    /// <param name="branches">The branches.</param>
    public static PhaseType HyperErlang(IReadOnlyList<double> probabilities, IReadOnlyList<Erlang> branches)
    {
        if (branches.Count == 0 || probabilities.Count != branches.Count || probabilities.Any(p => p is < 0 or > 1) || Math.Abs(probabilities.Sum() - 1) > 1e-6)
        {
            throw new ArgumentException("give as many probabilities as branches, from 0 to 1 and with sum 1", nameof(probabilities));
        }

        var n = branches.Sum(branch => branch.Phases);
        var (initial, generator, at) = (new double[n], Enumerable.Range(0, n).Select(_ => new double[n]).ToArray(), 0);
        for (var m = 0; m < branches.Count; m++)
        {
            initial[at] = probabilities[m] / probabilities.Sum();
            var rate = branches[m].Phases / branches[m].Mean;
            for (var phase = 0; phase < branches[m].Phases; phase++, at++)
            {
                generator[at][at] = -rate;
                if (phase < branches[m].Phases - 1)
                {
                    generator[at][at + 1] = rate;
                }
            }
        }

        return new PhaseType([.. probabilities.Select(p => p / probabilities.Sum())], [.. branches], initial, generator);
    }

    /// <summary>Probability of beginning in each phase.</summary>
    public IReadOnlyList<double> Initial => _initial;

    /// <summary>The generator among the phases, per second.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Generator => _generator;

    /// <inheritdoc/>
    public override string Name => "phaseType";

    /// <inheritdoc/>
    public override double Mean { get; }

    /// <inheritdoc/>
    public override double Variance { get; }

    /// <inheritdoc/>
    public override int ParameterCount => _branches is { } branches ? (3 * branches.Length) - 1 : _initial.Length * _initial.Length;

    /// <inheritdoc/>
    public override double Sample(RandomStream random)
    {
        var phase = Pick(_initial, random.NextDouble());
        var time = 0.0;
        while (phase >= 0)
        {
            time += _holding[phase] * random.NextExponential();
            var u = random.NextDouble() / _holding[phase];
            var next = -1;
            for (var j = 0; j < _initial.Length; j++)
            {
                if (j == phase)
                {
                    continue;
                }

                if (u < _generator[phase][j])
                {
                    next = j;
                    break;
                }

                u -= _generator[phase][j];
            }

            phase = next;
        }

        return time;
    }

    /// <inheritdoc/>
    /// <remarks>By uniformization.</remarks>
    public override double Cumulative(double x)
    {
        if (x < 0)
        {
            return 0;
        }

        if (_branches is { } branches)
        {
            return branches.Select((branch, m) => _shares[m] * branch.Cumulative(x)).Sum();
        }

        var n = _initial.Length;
        var rate = _holding.Max(holding => 1 / holding);
        var steps = rate * x;
        var at = (double[])_initial.Clone();
        double alive = 0, covered = 0;
        var last = (int)(steps + (12 * Math.Sqrt(steps + 1)) + 30);
        for (var k = 0; k <= last; k++)
        {
            var weight = Math.Exp(-steps + (k * Math.Log(Math.Max(steps, double.Epsilon))) - MathNet.Numerics.SpecialFunctions.FactorialLn(k));
            alive += weight * at.Sum();
            covered += weight;
            var next = new double[n];
            for (var i = 0; i < n; i++)
            {
                for (var j = 0; j < n; j++)
                {
                    next[j] += at[i] * ((i == j ? 1 : 0) + (_generator[i][j] / rate));
                }
            }

            at = next;
        }

        return Math.Clamp(1 - (alive / Math.Max(covered, double.Epsilon)), 0, 1);
    }

    /// <inheritdoc/>
    /// <remarks>NaN unless it was made of branches: nothing asks for it then.</remarks>
    public override double LogDensity(double x) => _branches is { } branches ? Math.Log(branches.Select((branch, m) => _shares[m] * Math.Exp(branch.LogDensity(x))).Sum()) : double.NaN;

    /// <inheritdoc/>
    public override Distribution Scaled(double factor) =>
        factor == 0 ? new Deterministic(0)
        : _branches is { } branches ? HyperErlang(_shares, [.. branches.Select(branch => new Erlang(branch.Mean * factor, branch.Phases))])
        : new PhaseType(_initial, [.. _generator.Select(row => (IReadOnlyList<double>)[.. row.Select(rate => rate / factor)])]);

    private static int Pick(double[] probabilities, double u)
    {
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (u < probabilities[i])
            {
                return i;
            }

            u -= probabilities[i];
        }

        return -1;
    }
}
