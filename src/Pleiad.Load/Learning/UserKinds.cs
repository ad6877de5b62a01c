using Pleiad.Distributions.Random;

namespace Pleiad.Load.Learning;

/// <summary>Kinds of users in a log.</summary>
/// <param name="Kinds">The sessions of each kind, the largest kind first; one kind when the log does not show more.</param>
/// <param name="Gain">By how much Bayes' information criterion prefers them to one kind; 0 for one.</param>
internal sealed record LearnedKinds(IReadOnlyList<IReadOnlyList<LearnedSession>> Kinds, double Gain);

/// <summary>
/// Tells kinds of users apart by their ways: a mixture of Markov chains, fitted by expectation and maximisation from several beginnings. How many kinds there are says Bayes' information
/// criterion: one more has to explain the log better than its own probabilities cost. Times are not looked at.
/// </summary>
/// <remarks>Source: Cadez, Heckerman, Meek, Smyth and White, Model-based clustering and visualization of navigation patterns on a Web site, 2003.</remarks>
internal sealed class UserKinds
{
    /// <summary>Sessions that are looked at to tell the kinds; all are then shared out.</summary>
    private const int SampleMax = 20_000;
    private const int Beginnings = 8;
    private const int RoundsMax = 300;
    private const double Settled = 1e-7;

    /// <summary>A kind of fewer sessions says nothing about its transitions.</summary>
    private const int SessionsMin = 50;

    /// <summary>Difference of the criterion from which evidence counts as very strong (Kass and Raftery, 1995).</summary>
    private const double Surely = 10;

    /// <summary>Sessions' worth of the whole log's probabilities in each kind, so that none is 0.</summary>
    private const double Prior = 0.02;

    /// <summary>Sessions' worth that the session at which a kind begins has beside one of the whole log.</summary>
    private const double SeedWeight = 3;

    private readonly List<int[]> _paths;
    private readonly int[] _rowOf;
    private readonly int _rows;
    private readonly double[] _whole;

    private UserKinds(IReadOnlyList<LearnedSession> sessions)
    {
        var (ways, rows, rowOf) = (new Dictionary<(int From, int To), int>(), new Dictionary<int, int>(), new List<int>());
        _paths = [.. sessions.Select(PathOf)];
        (_rowOf, _rows) = ([.. rowOf], rows.Count);
        _whole = new double[_rowOf.Length];
        foreach (var way in _paths.SelectMany(path => path))
        {
            _whole[way] += 1.0 / _paths.Count;
        }

        int[] PathOf(LearnedSession session)
        {
            // Entry is page -1, exit too: no way leads from the one to the other.
            var path = new int[session.Visits.Count + 1];
            for (var i = 0; i <= session.Visits.Count; i++)
            {
                path[i] = WayOf(i == 0 ? -1 : session.Visits[i - 1].Page, i == session.Visits.Count ? -1 : session.Visits[i].Page);
            }

            return path;
        }

        int WayOf(int from, int to)
        {
            if (!ways.TryGetValue((from, to), out var way))
            {
                ways[(from, to)] = way = ways.Count;
                rowOf.Add(rows.TryGetValue(from, out var row) ? row : rows[from] = rows.Count);
            }

            return way;
        }
    }

    /// <param name="sessions">All sessions of the log.</param>
    /// <param name="most">Most kinds; 1 looks for none.</param>
    public static LearnedKinds Tell(IReadOnlyList<LearnedSession> sessions, int most)
    {
        if (most <= 1 || sessions.Count < 2 * SessionsMin)
        {
            return new LearnedKinds([sessions], 0);
        }

        var kinds = new UserKinds(sessions);
        var step = Math.Max(1, (sessions.Count + SampleMax - 1) / SampleMax);
        var sample = kinds._paths.Where((_, index) => index % step == 0).ToList();
        var one = kinds.Fit(sample, 1, new RandomStream(5));
        var (best, random) = (one, new RandomStream(6));
        for (var count = 2; count <= most; count++)
        {
            var tried = Enumerable.Range(0, Beginnings).Select(_ => kinds.Fit(sample, count, random)).MinBy(mixture => mixture.Criterion)!;
            if (tried.Criterion > best.Criterion - Surely || tried.Shares.Min() * sessions.Count < SessionsMin)
            {
                break;
            }

            best = tried;
        }

        return best == one ? new LearnedKinds([sessions], 0) : new LearnedKinds(kinds.ShareOut(sessions, best), one.Criterion - best.Criterion);
    }

    /// <summary>
    /// Draws each session's kind with the probabilities that the mixture gives it: sessions that may be of either kind are shared out, so that no kind's ways are thinned of them, as they
    /// would be if the likelier kind had them all.
    /// </summary>
    private List<IReadOnlyList<LearnedSession>> ShareOut(IReadOnlyList<LearnedSession> sessions, Mixture mixture)
    {
        var random = new RandomStream(7);
        var kinds = mixture.Shares.Select(_ => new List<LearnedSession>()).ToList();
        var belongs = new double[kinds.Count];
        for (var i = 0; i < sessions.Count; i++)
        {
            Belonging(_paths[i], mixture.Shares, mixture.Logarithms, belongs);
            var (u, kind) = (random.NextDouble(), 0);
            while (kind < kinds.Count - 1 && u >= belongs[kind])
            {
                u -= belongs[kind++];
            }

            kinds[kind].Add(sessions[i]);
        }

        return [.. kinds.OrderByDescending(kind => kind.Count)];
    }

    private Mixture Fit(List<int[]> sample, int count, RandomStream random)
    {
        var counts = Enumerable.Range(0, count).Select(_ => Begin(sample[random.NextIndex(sample.Count)], count)).ToArray();
        var shares = Enumerable.Repeat(1.0 / count, count).ToArray();
        var logarithms = counts.Select(Logarithms).ToArray();
        var belongs = new double[count];
        var likelihood = double.NegativeInfinity;
        for (var round = 0; round < RoundsMax; round++)
        {
            foreach (var each in counts)
            {
                Array.Clear(each);
            }

            var (sums, now) = (new double[count], 0.0);
            foreach (var path in sample)
            {
                now += Belonging(path, shares, logarithms, belongs);
                for (var kind = 0; kind < count; kind++)
                {
                    sums[kind] += belongs[kind];
                    foreach (var way in path)
                    {
                        counts[kind][way] += belongs[kind];
                    }
                }
            }

            if (now - likelihood < Settled * Math.Abs(now))
            {
                likelihood = now;
                break;
            }

            likelihood = now;
            shares = [.. sums.Select(sum => Math.Max(sum, 1e-9) / sample.Count)];
            logarithms = [.. counts.Select(Logarithms)];
        }

        // Each kind has a probability for every way that is taken at all, less one a row; and there are the shares.
        var parameters = count - 1 + (count * (_rowOf.Length - _rows));
        return new Mixture(shares, logarithms, (parameters * Math.Log(sample.Count)) - (2 * likelihood));
    }

    private double[] Begin(int[] seed, int count)
    {
        var counts = (double[])_whole.Clone();
        foreach (var way in count == 1 ? [] : seed)
        {
            counts[way] += SeedWeight;
        }

        return counts;
    }

    private double[] Logarithms(double[] counts)
    {
        var rows = new double[_rows];
        for (var way = 0; way < counts.Length; way++)
        {
            rows[_rowOf[way]] += counts[way] + (Prior * _whole[way]);
        }

        return [.. counts.Select((sum, way) => Math.Log((sum + (Prior * _whole[way])) / rows[_rowOf[way]]))];
    }

    /// <summary>Fills in with which probabilities a session is of each kind.</summary>
    /// <returns>The logarithm of its likelihood.</returns>
    private static double Belonging(int[] path, double[] shares, double[][] logarithms, double[] belongs)
    {
        var most = double.NegativeInfinity;
        for (var kind = 0; kind < shares.Length; kind++)
        {
            var sum = Math.Log(shares[kind]);
            foreach (var way in path)
            {
                sum += logarithms[kind][way];
            }

            belongs[kind] = sum;
            most = Math.Max(most, sum);
        }

        var all = 0.0;
        for (var kind = 0; kind < shares.Length; kind++)
        {
            all += belongs[kind] = Math.Exp(belongs[kind] - most);
        }

        for (var kind = 0; kind < shares.Length; kind++)
        {
            belongs[kind] /= all;
        }

        return most + Math.Log(all);
    }

    /// <param name="Shares">Share of each kind.</param>
    /// <param name="Logarithms">Logarithm of each way's probability, for each kind.</param>
    /// <param name="Criterion">Bayes' information criterion; lower is better.</param>
    private sealed record Mixture(double[] Shares, double[][] Logarithms, double Criterion);
}
