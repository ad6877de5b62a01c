using System.Globalization;
using System.Text;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Learning;

/// <summary>Writes what was learned as a scenario file.</summary>
internal static class ScenarioWriter
{
    private const int TargetsMax = 1_000;

    /// <summary>Of shares; <see cref="Times.Plain"/> writes them all.</summary>
    private const int Digits = 6;

    public static (string Yaml, IReadOnlyDictionary<string, string> Files) Write(
        string name,
        List<LearnedPage> pages,
        List<LearnedClass> classes,
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

        if (classes.Count == 1)
        {
            WriteClass(text, "", classes[0], pages);
        }
        else
        {
            text.Append("classes:\n");
            foreach (var ((kind, share), each) in Exact([.. classes.Select(each => (each.Name, (double)each.Sessions.Count / sessions.Count))]).Zip(classes))
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Quoted(kind)}:\n    share: {Times.Plain(share)}\n");
                WriteClass(text, "    ", each, pages);
            }
        }

        WriteLoad(text, arrivals);
        return (text.ToString(), files);
    }

    private static void WriteClass(StringBuilder text, string indent, LearnedClass users, List<LearnedPage> pages)
    {
        var sessions = users.Sessions;
        var entries = sessions.GroupBy(session => session.Visits[0].Page).OrderByDescending(group => group.Count()).Select(group => (pages[group.Key].Name, (double)group.Count() / sessions.Count)).ToList();
        text.Append(CultureInfo.InvariantCulture, $"{indent}entry: {{ {string.Join(", ", Exact(entries).Select(entry => $"{Quoted(entry.Name)}: {Times.Plain(entry.Share)}"))} }}\n{indent}transitions:\n");
        var leaving = sessions.GroupBy(session => session.Visits[^1].Page).ToDictionary(group => group.Key, group => group.Count());
        foreach (var page in pages)
        {
            var rows = users.Ways.Where(way => way.Key.From == page.Index).OrderByDescending(way => way.Value.Count).ToList();
            var total = rows.Sum(row => row.Value.Count) + leaving.GetValueOrDefault(page.Index);
            if (total == 0)
            {
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"{indent}  {Quoted(page.Name)}:\n");
            var shares = rows.Select(row => (pages[row.Key.To].Name, (double)row.Value.Count / total)).Append(("exit", (double)leaving.GetValueOrDefault(page.Index) / total)).ToList();
            foreach (var ((to, share), index) in Exact(shares).Select((each, index) => (each, index)))
            {
                text.Append(index == rows.Count
                    ? string.Create(CultureInfo.InvariantCulture, $"{indent}    exit: {Times.Plain(share)}\n")
                    : string.Create(CultureInfo.InvariantCulture, $"{indent}    {Quoted(to)}: {{ probability: {Times.Plain(share)}, think: {DistributionText.Of(users.Thinks[rows[index].Key])} }}\n"));
            }
        }
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

    /// <summary>Shares rounded to the digits that are written, whose sum is 1 all the same.</summary>
    private static List<(string Name, double Share)> Exact(List<(string Name, double Share)> shares)
    {
        var rounded = shares.Select(each => (each.Name, Share: Math.Round(each.Share, Digits))).ToList();
        var largest = Enumerable.Range(0, rounded.Count).MaxBy(i => rounded[i].Share);
        rounded[largest] = (rounded[largest].Name, Math.Round(rounded[largest].Share + 1 - rounded.Sum(each => each.Share), Digits));
        return rounded;
    }

    private static IEnumerable<LogEntry> Spread(IReadOnlyList<LogEntry> entries) =>
        Enumerable.Range(0, Math.Min(TargetsMax, entries.Count)).Select(i => entries[(int)((long)i * entries.Count / Math.Min(TargetsMax, entries.Count))]);

    /// <summary>A text in JSON's quotes, which YAML reads.</summary>
    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text, Json);

    private static readonly System.Text.Json.JsonSerializerOptions Json = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
