using Pleiad.Distributions;
using Pleiad.Distributions.Fitting;

namespace Pleiad.Load.Learning;

/// <summary>How sessions began: at one rate, or at rates that changed.</summary>
/// <param name="Seconds">Length of the log.</param>
/// <param name="RatePerSecond">Sessions per second over all.</param>
/// <param name="Interval">Time between sessions when it is not exponential; null for Poisson.</param>
/// <param name="Steps">Lengths and rates when the rate changed; empty otherwise.</param>
internal sealed record LearnedArrivals(double Seconds, double RatePerSecond, Distribution? Interval, IReadOnlyList<(double Seconds, double Rate)> Steps)
{
    private const int PiecesMax = 24;
    private const int PerPieceMin = 10;
    private const double Surely = 1e-3;

    public static LearnedArrivals Of(IReadOnlyList<LearnedSession> sessions, List<string> notes)
    {
        var begins = sessions.Select(session => session.Begin).ToList();
        var seconds = Math.Max(1, begins[^1] - begins[0]);
        var rate = begins.Count / seconds;
        var pieces = Math.Min(PiecesMax, begins.Count / PerPieceMin);
        if (pieces >= 4)
        {
            var counts = new double[pieces];
            foreach (var begin in begins)
            {
                counts[Math.Min(pieces - 1, (int)((begin - begins[0]) / seconds * pieces))]++;
            }

            var mean = counts.Average();
            var p = 1 - MathNet.Numerics.Distributions.ChiSquared.CDF(pieces - 1, counts.Sum(count => (count - mean) * (count - mean) / mean));
            if (p < Surely)
            {
                notes.Add(Learner.Text($"sessions did not arrive at one rate (χ² over {pieces} pieces, p = {p:0.####}): {counts.Min() / seconds * pieces:0.####} to {counts.Max() / seconds * pieces:0.####} a second, written as steps"));
                return new LearnedArrivals(seconds, rate, null, [.. counts.Select(count => (seconds / pieces, count / seconds * pieces))]);
            }
        }

        var intervals = begins.Zip(begins.Skip(1), (a, b) => b - a).ToList();
        if (intervals.Count < DistributionFitter.SamplesMin)
        {
            notes.Add("too few sessions to tell how they arrive: Poisson is assumed");
            return new LearnedArrivals(seconds, rate, null, []);
        }

        var fit = DistributionFitter.Fit(intervals);
        var exponential = fit.Candidates.FirstOrDefault(candidate => candidate.Distribution is Exponential);
        if (fit.Chosen is Exponential || exponential is { Verdict: not FitVerdict.Bad })
        {
            notes.Add(Learner.Text($"sessions arrive as a Poisson process of {rate:0.####} a second{(exponential is null ? "" : $" (verdict {exponential.Verdict.ToString().ToLowerInvariant()})")}"));
            return new LearnedArrivals(seconds, rate, null, []);
        }

        notes.Add(Learner.Text($"sessions arrive {rate:0.####} a second, the time between them is {fit.Chosen}: {fit.Explanation}"));
        return new LearnedArrivals(seconds, rate, fit.Chosen, []);
    }
}
