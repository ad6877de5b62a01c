using Pleiad.Distributions.Random;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Sessions;
using Pleiad.Load.Shapes;

namespace Pleiad.Load.Learning;

/// <summary>A statistic of the log beside that of the scenario's own sessions.</summary>
/// <param name="What">What it is.</param>
/// <param name="Log">Mean in the log.</param>
/// <param name="Replay">Mean in the replay.</param>
/// <param name="Distance">Largest difference of the two distribution functions, or of shares, 0 to 1.</param>
/// <param name="PValue">Probability of such a distance when both are the same.</param>
public sealed record ReplayFigure(string What, double Log, double Replay, double Distance, double PValue)
{
    /// <summary>Whether the scenario reproduces it: chance explains the difference, or it is below 0.05.</summary>
    public bool IsReproduced => PValue >= 0.001 || Distance <= 0.05;
}

/// <summary>
/// Lets the users of a scenario walk without a server, as many sessions as the log has, and compares what is not put in by hand: how long sessions are, how long they last, the mix of
/// pages, think times, and the time between sessions.
/// </summary>
internal static class Replaying
{
    private const int StepsMax = 100_000;

    public static IReadOnlyList<ReplayFigure> Compare(Scenario scenario, IReadOnlyList<LearnedSession> log, IReadOnlyList<double> thinks)
    {
        var replay = Walk(scenario, log.Count, out var replayThinks);
        var figures = new List<ReplayFigure>
        {
            Of("requests of a session", log.Select(session => (double)session.Visits.Count), replay.Select(session => (double)session.Visits.Count)),
            Of("seconds of a session", log.Select(Thinking), replay.Select(Thinking)),
            Of("seconds between sessions", Gaps(log), Gaps(replay)),
            Mix(scenario.Pages.Count, log, replay),
        };
        if (thinks.Count > 0 && replayThinks.Count > 0)
        {
            figures.Insert(2, Of("think time in seconds", thinks, replayThinks));
        }

        return figures;
    }

    /// <summary>The time between a session's requests; the answers' own time is not the users'.</summary>
    private static double Thinking(LearnedSession session)
    {
        var sum = 0.0;
        for (var i = 1; i < session.Visits.Count; i++)
        {
            sum += Math.Max(0, session.Visits[i].Begin - session.Visits[i - 1].End);
        }

        return sum;
    }

    private static List<LearnedSession> Walk(Scenario scenario, int count, out List<double> thinks)
    {
        var schedule = new ArrivalSchedule(scenario.Load.Arrivals.Start(RandomStream.Named(3, 0, "arrivals")), new RateShape(scenario.Load.Steps), 0, 1);
        var sessions = new List<LearnedSession>();
        thinks = [];
        for (; sessions.Count < count && !double.IsPositiveInfinity(schedule.Next); schedule.Advance())
        {
            var random = RandomStream.Named(3, sessions.Count, "session");
            var users = Worker.ClassOf(scenario, random);
            var (visits, row, now) = (new List<(int, double, double)>(), users.Entry, schedule.Next);
            while (row.Choose(random.NextDouble()) is var chosen && chosen < row.Steps.Count && visits.Count < StepsMax)
            {
                var step = row.Steps[chosen];
                if (step.Think is { } think)
                {
                    var seconds = think.Sample(random);
                    thinks.Add(seconds);
                    now += seconds;
                }

                visits.Add((step.Page, now, now));
                row = users.Transitions[step.Page]!;
            }

            if (visits.Count > 0)
            {
                sessions.Add(new LearnedSession(schedule.Next, visits));
            }
        }

        return sessions;
    }

    private static IEnumerable<double> Gaps(IReadOnlyList<LearnedSession> sessions) => sessions.Zip(sessions.Skip(1), (a, b) => b.Begin - a.Begin);

    private static ReplayFigure Of(string what, IEnumerable<double> log, IEnumerable<double> replay)
    {
        var (a, b) = (log.Order().ToList(), replay.Order().ToList());
        if (a.Count == 0 || b.Count == 0)
        {
            return new ReplayFigure(what, 0, 0, 0, 1);
        }

        // Kolmogorov and Smirnov for two samples; ties are passed together.
        var (i, j, distance) = (0, 0, 0.0);
        while (i < a.Count && j < b.Count)
        {
            var x = Math.Min(a[i], b[j]);
            while (i < a.Count && a[i] <= x)
            {
                i++;
            }

            while (j < b.Count && b[j] <= x)
            {
                j++;
            }

            distance = Math.Max(distance, Math.Abs(((double)i / a.Count) - ((double)j / b.Count)));
        }

        var n = Math.Sqrt((double)a.Count * b.Count / (a.Count + b.Count));
        var z = (n + 0.12 + (0.11 / n)) * distance;
        var p = z < 0.2 ? 1 : Math.Clamp(2 * Enumerable.Range(1, 100).Sum(k => (k % 2 == 1 ? 1 : -1) * Math.Exp(-2.0 * k * k * z * z)), 0, 1);
        return new ReplayFigure(what, a.Average(), b.Average(), distance, p);
    }

    private static ReplayFigure Mix(int pages, IReadOnlyList<LearnedSession> log, IReadOnlyList<LearnedSession> replay)
    {
        var (a, b) = (Counts(log), Counts(replay));
        var (x, y) = (a.Sum(), b.Sum());
        var (chi, freedom, distance) = (0.0, -1, 0.0);
        for (var page = 0; page < pages; page++)
        {
            if (a[page] + b[page] > 0)
            {
                freedom++;
                chi += Math.Pow((Math.Sqrt(y / x) * a[page]) - (Math.Sqrt(x / y) * b[page]), 2) / (a[page] + b[page]);
                distance = Math.Max(distance, Math.Abs((a[page] / x) - (b[page] / y)));
            }
        }

        // Requests of one session are alike, so this p-value is a strict one: it calls more differences real than are.
        return new ReplayFigure("mix of pages", 1, 1, distance, freedom <= 0 ? 1 : 1 - MathNet.Numerics.Distributions.ChiSquared.CDF(freedom, chi));

        double[] Counts(IReadOnlyList<LearnedSession> sessions)
        {
            var counts = new double[pages];
            foreach (var (page, _, _) in sessions.SelectMany(session => session.Visits))
            {
                counts[page]++;
            }

            return counts;
        }
    }
}
