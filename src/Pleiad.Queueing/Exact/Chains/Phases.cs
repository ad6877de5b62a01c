using Pleiad.Distributions;

namespace Pleiad.Queueing.Exact.Chains;

/// <summary>A time as phases of a Markov chain: exponential, Erlang, hyperexponential, any phase-type, and no time at all.</summary>
internal sealed class Phases
{
    /// <summary>More phases than this would only make chains that nobody can solve.</summary>
    private const int PhasesMax = 64;

    private Phases(double[] initial, double[][] rates, double[] exit)
    {
        // The last entry is the share that takes no time.
        (Initial, Rates, Exit) = ([.. initial, Math.Max(0, 1 - initial.Sum())], rates, exit);
        if (Initial[^1] < 1e-12)
        {
            Initial[^1] = 0;
        }
    }

    /// <summary>Probability of beginning in each phase, and after them of taking no time.</summary>
    public double[] Initial { get; }

    /// <summary>Rates per second between phases.</summary>
    public double[][] Rates { get; }

    /// <summary>Rate per second of ending from each phase.</summary>
    public double[] Exit { get; }

    public int Count => Exit.Length;

    /// <summary>The phases of a time, or null when it has none (or too many).</summary>
    public static Phases? Of(Distribution time) => time switch
    {
        _ when time.Mean == 0 => new Phases([], [], []),
        Exponential => Chain([1], time.Mean),
        Erlang { Phases: <= PhasesMax } erlang => Chain([.. Enumerable.Repeat(1.0, erlang.Phases)], erlang.Mean / erlang.Phases),
        HyperExponential branches => new Phases([.. branches.Probabilities], [.. branches.Means.Select(_ => new double[branches.Means.Count])], [.. branches.Means.Select(mean => 1 / mean)]),
        PhaseType { Initial.Count: <= PhasesMax } phases => new Phases(
            [.. phases.Initial],
            [.. phases.Generator.Select((row, i) => row.Select((rate, j) => i == j ? 0 : rate).ToArray())],
            [.. phases.Generator.Select(row => Math.Max(0, -row.Sum()))]),
        _ => null,
    };

    /// <summary>Equal phases in line.</summary>
    private static Phases Chain(double[] line, double each)
    {
        var n = line.Length;
        return new Phases(
            [1, .. new double[n - 1]],
            [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Select(j => j == i + 1 ? 1 / each : 0).ToArray())],
            [.. Enumerable.Range(0, n).Select(i => i == n - 1 ? 1 / each : 0)]);
    }
}
