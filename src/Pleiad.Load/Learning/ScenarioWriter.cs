using System.Globalization;
using System.Text;
using Pleiad.Distributions;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Learning;

/// <summary>Writes what was learned as a scenario file.</summary>
internal static class ScenarioWriter
{
    private const int TargetsMax = 1_000;
    private const double ShareMin = 1e-6;

    public static (string Yaml, IReadOnlyDictionary<string, string> Files) Write(
        string name,
        List<LearnedPage> pages,
        Dictionary<(int From, int To), List<double>> ways,
        Dictionary<(int From, int To), Distribution> thinks,
        IReadOnlyList<LearnedSession> sessions,
        LearnedArrivals arrivals)
    {
        var (text, files) = (new StringBuilder(), new Dictionary<string, string>());
        text.Append(CultureInfo.InvariantCulture, $"# Learned from {sessions.Count} sessions with {sessions.Sum(session => session.Visits.Count)} requests.\nname: {Quoted(name)}\n");
        var varied = pages.Where(page => page.HasValues).ToList();
        if (varied.Count > 0)
        {
            // Which target a session asks for is drawn from those of the log, as often as they were there.
            text.Append("data:\n");
            foreach (var page in varied)
            {
                var file = $"{page.Name}.csv";
                files[file] = "target\n" + string.Concat(Spread(page.Entries).Select(entry => $"\"{entry.Target.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n"));
                text.Append(CultureInfo.InvariantCulture, $"  {Quoted(page.Name)}: {{ file: {Quoted(file)}, order: random }}\n");
            }
        }

        text.Append("pages:\n");
        foreach (var page in pages)
        {
            var url = page.HasValues ? "${" + page.Name + ".target:raw}" : page.Entries[0].Target.Replace("${", "$${", StringComparison.Ordinal);
            text.Append(CultureInfo.InvariantCulture, $"  {Quoted(page.Name)}: # {page.Pattern}\n    url: {Quoted(url)}\n");
            if (page.Method != "GET")
            {
                text.Append(CultureInfo.InvariantCulture, $"    method: {page.Method}\n");
            }

            if (page.Entries.FirstOrDefault(entry => entry.Body is not null) is { } sent)
            {
                text.Append(CultureInfo.InvariantCulture, $"    body: {Quoted(sent.Body!.Replace("${", "$${", StringComparison.Ordinal))}\n");
                text.Append(sent.ContentType is null ? "" : $"    headers: {{ Content-Type: {Quoted(sent.ContentType)} }}\n");
            }

            if (page.Entries.All(entry => entry.Status >= 400))
            {
                text.Append(CultureInfo.InvariantCulture, $"    checks: {{ status: [{string.Join(", ", page.Entries.Select(entry => entry.Status).Distinct().Order())}] }}\n");
            }
        }

        var entries = sessions.GroupBy(session => session.Visits[0].Page).OrderByDescending(group => group.Count()).Select(group => (pages[group.Key].Name, (double)group.Count() / sessions.Count)).ToList();
        text.Append(CultureInfo.InvariantCulture, $"entry: {{ {string.Join(", ", Exact(entries).Select(entry => $"{Quoted(entry.Name)}: {Times.Plain(entry.Share)}"))} }}\ntransitions:\n");
        var leaving = sessions.GroupBy(session => session.Visits[^1].Page).ToDictionary(group => group.Key, group => group.Count());
        foreach (var page in pages)
        {
            var rows = ways.Where(way => way.Key.From == page.Index).OrderByDescending(way => way.Value.Count).ToList();
            var total = rows.Sum(row => row.Value.Count) + leaving.GetValueOrDefault(page.Index);
            if (total == 0)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"  {Quoted(page.Name)}:\n");
            var shares = rows.Select(row => (pages[row.Key.To].Name, (double)row.Value.Count / total)).Append(("exit", (double)leaving.GetValueOrDefault(page.Index) / total)).ToList();
            foreach (var ((to, share), index) in Exact(shares).Select((each, index) => (each, index)))
            {
                text.Append(index == rows.Count
                    ? string.Create(CultureInfo.InvariantCulture, $"    exit: {Times.Plain(share)}\n")
                    : string.Create(CultureInfo.InvariantCulture, $"    {Quoted(to)}: {{ probability: {Times.Plain(share)}, think: {DistributionText.Of(thinks[rows[index].Key])} }}\n"));
            }
        }

        WriteLoad(text, arrivals);
        return (text.ToString(), files);
    }

    private static void WriteLoad(StringBuilder text, LearnedArrivals arrivals)
    {
        text.Append("load:\n");
        if (arrivals.Steps.Count > 0)
        {
            text.Append("  steps:\n");
            foreach (var (seconds, rate) in arrivals.Steps)
            {
                text.Append(CultureInfo.InvariantCulture, $"    - {{ for: {Length(seconds)}, rate: {Times.Plain(rate)} }}\n");
            }

            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"  rate: {Times.Plain(arrivals.RatePerSecond)}\n");
        text.Append(arrivals.Interval is null ? "  arrivals: poisson\n" : $"  arrivals: {{ renewal: {DistributionText.Of(arrivals.Interval)} }}\n");
        text.Append(CultureInfo.InvariantCulture, $"  duration: {Length(arrivals.Seconds)}\n");
    }

    private static string Length(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(100, Math.Round(seconds * 1e3))}ms");

    /// <summary>Shares rounded to nine digits whose sum is 1 all the same.</summary>
    private static IEnumerable<(string Name, double Share)> Exact(List<(string Name, double Share)> shares)
    {
        var rounded = shares.Select(each => (each.Name, Share: Math.Round(each.Share, 9))).ToList();
        var largest = Enumerable.Range(0, rounded.Count).MaxBy(i => rounded[i].Share);
        rounded[largest] = (rounded[largest].Name, Math.Round(rounded[largest].Share + 1 - rounded.Sum(each => each.Share), 9));
        return rounded.Select(each => (each.Name, each.Share < ShareMin ? 0 : each.Share));
    }

    private static IEnumerable<LogEntry> Spread(IReadOnlyList<LogEntry> entries) =>
        Enumerable.Range(0, Math.Min(TargetsMax, entries.Count)).Select(i => entries[(int)((long)i * entries.Count / Math.Min(TargetsMax, entries.Count))]);

    /// <summary>A text in JSON's quotes, which YAML reads.</summary>
    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text, Json);

    private static readonly System.Text.Json.JsonSerializerOptions Json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
