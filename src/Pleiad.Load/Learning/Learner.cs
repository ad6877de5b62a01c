using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Distributions;
using Pleiad.Distributions.Fitting;
using Pleiad.Distributions.Random;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Learning;

/// <summary>How a log is read.</summary>
public sealed record LearnOptions
{
    /// <summary>Name of the scenario.</summary>
    public string Name { get; init; } = "learned";

    /// <summary><c>common</c>, <c>combined</c>, <c>har</c>, a format of Apache or nginx, or null to find out.</summary>
    public string? Format { get; init; }

    /// <summary>Silence after which a user's next request begins a new session.</summary>
    public TimeSpan SessionGap { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether pictures, scripts and styles count as pages.</summary>
    public bool KeepsAssets { get; init; }

    /// <summary>Most pages; what is asked for more rarely is left out.</summary>
    public int PagesMax { get; init; } = 100;

    /// <summary>Most kinds of users; 1 takes all for one kind.</summary>
    public int KindsMax { get; init; } = 4;
}

/// <summary>What was learned from a log.</summary>
/// <param name="Yaml">The scenario file.</param>
/// <param name="Files">Files of data that belong to it, by name.</param>
/// <param name="Notes">What was found, and with which verdict, in sentences.</param>
/// <param name="Replay">Whether the scenario's own sessions are like those of the log.</param>
public sealed record LearnedScenario(string Yaml, IReadOnlyDictionary<string, string> Files, IReadOnlyList<string> Notes, IReadOnlyList<ReplayFigure> Replay);

/// <summary>From a log to a scenario: pages, transitions, think times, arrivals.</summary>
public static class Learner
{
    private const int FitSamplesMin = 30;
    private const int FitsMax = 40;

    /// <summary>Learns from an access log's lines.</summary>
    /// <exception cref="InvalidInputException">The lines are no log of the format, or hold no session.</exception>
    public static LearnedScenario FromLog(IEnumerable<string> lines, LearnOptions options) => Learn(LogReader.Lines(lines, options.Format), options);

    /// <summary>Learns from an HTTP archive.</summary>
    /// <exception cref="InvalidInputException">It is none.</exception>
    public static LearnedScenario FromHar(string json, LearnOptions options) => Learn(LogReader.Har(json), options);

    private static LearnedScenario Learn(ReadLog log, LearnOptions options)
    {
        var wanted = log.Entries.Where(entry => options.KeepsAssets || !UrlPatterns.IsAsset(entry.Target)).ToList();
        var patterns = new UrlPatterns(wanted.Select(entry => entry.Target));
        var groups = wanted.GroupBy(entry => patterns.Of(entry.Method, entry.Target)).OrderByDescending(group => group.Count()).ToList();
        var taken = new HashSet<string>();
        var pages = groups.Take(options.PagesMax).Select((group, index) => new LearnedPage(index, UrlPatterns.NameOf(group.Key, taken), group.Key, [.. group])).ToList();
        var byPattern = pages.ToDictionary(page => page.Pattern);
        var sessions = LearnedSessions.Cut(wanted, entry => byPattern.GetValueOrDefault(patterns.Of(entry.Method, entry.Target))?.Index, options.SessionGap);
        if (sessions.Count == 0)
        {
            throw new InvalidInputException("log", new InputProblem("lines", null, "hold no page", "keep pictures and scripts with --keep-assets, if that is all there is"));
        }

        if (log.ResolutionSeconds >= 1)
        {
            // Sessions that began in the same second began somewhere within it.
            var random = new RandomStream(2);
            sessions = [.. sessions.Select(session => session with { Begin = session.Begin + random.NextDouble() }).OrderBy(session => session.Begin)];
        }

        var notes = new List<string>
        {
            Text($"{log.Entries.Count} requests read{(log.Site is null ? "" : $" of {log.Site}")}, {log.LinesRefused} lines or requests left out; {wanted.Count} are of pages, in {sessions.Count} sessions of {pages.Count} pages"),
        };
        if (groups.Count > pages.Count)
        {
            notes.Add(Text($"{groups.Count - pages.Count} rarer pages were left out ({(double)groups.Skip(pages.Count).Sum(group => group.Count()) / wanted.Count * 100:0.0} % of requests)"));
        }

        if (log.ResolutionSeconds >= 1)
        {
            notes.Add("the log tells whole seconds: think times are spread evenly within them before they are fitted, which keeps their means and adds up to a sixth of a second squared to their variances");
        }

        if (!log.HasDurations)
        {
            notes.Add("the log does not say how long answers took: think times hold them");
        }

        var classes = Classes(sessions, pages, log.ResolutionSeconds, options.KindsMax, notes);
        var arrivals = LearnedArrivals.Of(sessions, notes);
        var (yaml, files) = ScenarioWriter.Write(options.Name, pages, classes, sessions, arrivals);
        var scenario = ScenarioDocument.Read(yaml, "learned", name => files[name]);
        return new LearnedScenario(yaml, files, notes, Replaying.Compare(scenario, sessions, [.. classes.SelectMany(each => each.Ways.Values).SelectMany(samples => samples)]));
    }

    private static List<LearnedClass> Classes(IReadOnlyList<LearnedSession> sessions, List<LearnedPage> pages, double resolution, int kindsMax, List<string> notes)
    {
        var told = UserKinds.Tell(sessions, kindsMax);
        if (told.Kinds.Count > 1)
        {
            notes.Add(Text($"{told.Kinds.Count} kinds of users by their ways (Bayes' information criterion is {told.Gain:0} better than for one kind)"));
        }

        var (classes, random) = (new List<LearnedClass>(), new RandomStream(1));
        foreach (var (kind, index) in told.Kinds.Select((kind, index) => (kind, index)))
        {
            var name = told.Kinds.Count == 1 ? "" : Text($"kind-{index + 1}");
            if (name.Length > 0)
            {
                var often = kind.SelectMany(session => session.Visits).GroupBy(visit => visit.Page).OrderByDescending(group => group.Count()).Take(3).Select(group => pages[group.Key].Name);
                notes.Add(Text($"{name}: {(double)kind.Count / sessions.Count * 100:0.0} % of sessions, {kind.Average(session => session.Visits.Count):0.0} requests each, most often {string.Join(", ", often)}"));
            }

            var ways = Ways(kind, resolution, random);
            classes.Add(new LearnedClass(name, kind, ways, Thinks(ways, pages, name, notes)));
        }

        return classes;
    }

    private static Dictionary<(int From, int To), List<double>> Ways(IReadOnlyList<LearnedSession> sessions, double resolution, RandomStream random)
    {
        var ways = new Dictionary<(int From, int To), List<double>>();
        foreach (var session in sessions)
        {
            for (var i = 1; i < session.Visits.Count; i++)
            {
                var key = (session.Visits[i - 1].Page, session.Visits[i].Page);
                var think = session.Visits[i].Begin - session.Visits[i - 1].End;
                think = resolution >= 1 ? WithinSeconds(think, random) : think;
                (ways.TryGetValue(key, out var samples) ? samples : ways[key] = []).Add(Math.Max(0, think));
            }
        }

        return ways;
    }

    /// <summary>
    /// A time between two moments of which whole seconds are known: each lies anywhere in its second, the later one not before the earlier. Two requests of one second are the case that
    /// matters: half of the differences would be below 0, and cut to 0 they would be a lump there that no distribution has.
    /// </summary>
    private static double WithinSeconds(double think, RandomStream random)
    {
        if (think <= -1)
        {
            return think;
        }

        if (think <= 0)
        {
            // The triangle's part above 0, by its inverse.
            return (1 + think) * (1 - Math.Sqrt(random.NextDouble()));
        }

        double spread;
        do
        {
            spread = think + random.NextDouble() - random.NextDouble();
        }
        while (spread < 0);
        return spread;
    }

    private static Dictionary<(int From, int To), Distribution> Thinks(Dictionary<(int From, int To), List<double>> ways, List<LearnedPage> pages, string kind, List<string> notes)
    {
        var thinks = new Dictionary<(int From, int To), Distribution>();
        var pooled = ways.Values.SelectMany(samples => samples).ToList();
        var fallback = pooled.Count == 0 ? null : DistributionFitter.Fit(pooled).Chosen;
        foreach (var (way, samples) in ways.OrderByDescending(way => way.Value.Count))
        {
            if (samples.Count < FitSamplesMin || thinks.Count >= FitsMax)
            {
                thinks[way] = fallback!.Mean > 0 && samples.Average() > 0 ? fallback.Scaled(samples.Average() / fallback.Mean) : fallback;
                continue;
            }

            var fit = DistributionFitter.Fit(samples);
            thinks[way] = fit.Chosen;
            var best = fit.Candidates.Count == 0 ? null : fit.Candidates.FirstOrDefault(candidate => candidate.Distribution == fit.Chosen) ?? fit.Candidates[0];
            notes.Add(Text($"{(kind.Length == 0 ? "" : kind + ": ")}think {pages[way.From].Name} → {pages[way.To].Name}: {fit.Chosen}, of {samples.Count}; {(best is null ? "" : $"verdict {best.Verdict.ToString().ToLowerInvariant()}, ")}{fit.Explanation}"));
        }

        return thinks;
    }

    internal static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Users of one kind.</summary>
/// <param name="Name">The class's name; empty when there is only one.</param>
/// <param name="Sessions">Their sessions.</param>
/// <param name="Ways">Which ways they took, with the think times seen.</param>
/// <param name="Thinks">The think times' distributions.</param>
internal sealed record LearnedClass(string Name, IReadOnlyList<LearnedSession> Sessions, Dictionary<(int From, int To), List<double>> Ways, Dictionary<(int From, int To), Distribution> Thinks);

/// <summary>A page of a log.</summary>
internal sealed record LearnedPage(int Index, string Name, string Pattern, IReadOnlyList<LogEntry> Entries)
{
    public string Method => Pattern.Split(' ')[0];

    /// <summary>Whether its targets differ.</summary>
    public bool HasValues => Entries.Select(entry => entry.Target).Distinct().Skip(1).Any();
}
