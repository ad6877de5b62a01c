using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Scenarios;

/// <summary>Reads scenario files; all problems at once, each with its line and what to do.</summary>
public static class ScenarioDocument
{
    private const int PagesMax = 2_000;
    private const int ClassesMax = 100;

    /// <summary>Reads a scenario.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="subject">What to call it in errors, usually the file's name.</param>
    /// <param name="readFile">Gives the text of a file of data that the scenario names.</param>
    /// <exception cref="InvalidInputException">With every problem found.</exception>
    public static Scenario Read(string text, string subject, Func<string, string> readFile)
    {
        var root = DocumentMap.Parse(text, subject);
        var name = root.Text("name", required: true, accepts: value => value.Length <= 200, rule: "give a short name");
        var variables = new VariableTable();
        foreach (var (key, value) in root.TextMap("values"))
        {
            variables.AddConstant(key, value);
        }

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        var data = Data(root, variables, readFile, files);
        var pages = Pages(root, variables, out var used);
        var classes = Classes(root, pages);
        var load = LoadDocument.Read(root);
        var thresholds = root.TextList("thresholds");
        foreach (var threshold in thresholds)
        {
            if (Threshold.ProblemOf(threshold, [.. pages.Select(page => page.Name)]) is var (reason, remedy))
            {
                root.Problem("thresholds", threshold, reason, remedy);
            }
        }

        var cookies = root.Choice("cookies", ["true", "false"]) != "false";
        var compression = root.Choice("compression", ["true", "false"]) == "true";
        Missing(pages, variables, used);
        root.Finish();
        Number(classes);
        return new Scenario
        {
            Name = name!,
            Source = text,
            Files = files,
            Pages = pages,
            Classes = classes,
            Data = data,
            Variables = variables,
            Load = load,
            Thresholds = thresholds,
            HasCookies = cookies,
            HasCompression = compression,
            UsesBuiltIns = used.Exists(each => VariableTable.BuiltIn.Contains(each.Name)),
        };
    }

    /// <summary>A scenario of one page, asked for once a session.</summary>
    public static Scenario OfUrl(string pathAndQuery) =>
        Read($"name: plain\npages:\n  page: {{ url: {System.Text.Json.JsonSerializer.Serialize(pathAndQuery)} }}\ntransitions: {{ page: {{}} }}\nload: {{ connections: shared }}\n", "url", _ => "");

    private static List<DataSource> Data(DocumentMap root, VariableTable variables, Func<string, string> readFile, Dictionary<string, string> files)
    {
        var sources = new List<DataSource>();
        var map = root.Map("data");
        foreach (var name in map.Keys)
        {
            var item = map.Map(name);
            var file = item.Text("file", required: true, rule: "give the name of a CSV file, relative to this one");
            var order = item.Choice("order", ["sequential", "random", "unique"]) switch { "random" => RowOrder.Random, "unique" => RowOrder.Unique, _ => RowOrder.Sequential };
            if (file is null)
            {
                continue;
            }

            try
            {
                var text = files[file] = readFile(file);
                sources.Add(DataSource.Parse(name, file, text, order, variables));
            }
            catch (InvalidInputException error)
            {
                foreach (var problem in error.Problems)
                {
                    item.Problem("file", file, $"{(problem.Line is { } line ? $"line {line} " : "")}{problem.Reason}", problem.Remedy);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                item.Problem("file", file, "cannot be read", error.Message);
            }
        }

        return sources;
    }

    private static List<Page> Pages(DocumentMap root, VariableTable variables, out List<(DocumentMap Map, string Key, string Name)> used)
    {
        used = [];
        var map = root.Map("pages");
        if (map.Keys.Count is 0 or > PagesMax)
        {
            root.Problem("pages", null, map.Keys.Count == 0 ? "has no page" : "has too many pages", $"give 1 to {PagesMax}, each as 'name: {{ url: /path }}'");
        }

        var pages = new List<Page>();
        foreach (var name in map.Keys.Take(PagesMax))
        {
            if (name == "exit")
            {
                map.Problem(name, null, "is no name for a page", "call it otherwise: exit means that the user leaves");
            }

            pages.Add(PageDocument.Read(map.Map(name), name, pages.Count, variables, used));
        }

        return pages;
    }

    /// <summary>Classes below <c>classes</c>, or one class whose entry and transitions stand at the root.</summary>
    private static List<UserClass> Classes(DocumentMap root, List<Page> pages)
    {
        if (!root.Has("classes"))
        {
            return [ClassDocument.Read(root, "users", 1, pages)];
        }

        var map = root.Map("classes");
        var shares = new List<(string Name, double Share, DocumentMap Map)>();
        foreach (var name in map.Keys.Take(ClassesMax))
        {
            var item = map.Map(name);
            shares.Add((name, item.Number("share", 0, 1e6) ?? 1, item));
        }

        var sum = shares.Sum(each => each.Share);
        if (shares.Count == 0 || sum <= 0)
        {
            root.Problem("classes", null, "have no share above 0", "give each class a share, for example 0.9 and 0.1");
            return [];
        }

        return [.. shares.Select(each => ClassDocument.Read(each.Map, each.Name, each.Share / sum, pages))];
    }

    private static void Missing(List<Page> pages, VariableTable variables, List<(DocumentMap Map, string Key, string Name)> used)
    {
        var given = variables.Constants.Keys.Concat(pages.SelectMany(page => page.Extractions).Select(each => each.Place)).ToHashSet();
        foreach (var (map, key, name) in used)
        {
            if (!VariableTable.BuiltIn.Contains(name) && !given.Contains(variables.PlaceOf(name)) && !variables.DataColumns.Contains(name))
            {
                map.Problem(key, "${" + name + "}", "is given nowhere", $"extract it on some page, name a column of data as file.column, or give it below values; known always: {string.Join(", ", VariableTable.BuiltIn)}");
            }
        }
    }

    /// <summary>Gives each row its place among the counters of transitions.</summary>
    private static void Number(List<UserClass> classes)
    {
        var at = 0;
        foreach (var row in classes.SelectMany(users => users.Transitions.Append(users.Entry)).OfType<Row>())
        {
            row.CounterBase = at;
            at += row.Steps.Count + 1;
        }
    }

    internal static string Invariant(double value) => value.ToString(CultureInfo.InvariantCulture);
}
