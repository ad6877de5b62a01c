using System.Text.RegularExpressions;
using Pleiad.Core.Documents;

namespace Pleiad.Load.Scenarios;

/// <summary>One page of a scenario file.</summary>
internal static class PageDocument
{
    private const string NameRule = "give letters, digits, '_' and '-'";

    public static Page Read(DocumentMap map, string name, int index, VariableTable variables, List<(DocumentMap Map, string Key, string Name)> used)
    {
        var method = map.Text("method", accepts: text => text.Length is > 0 and <= 32 && text.All(c => char.IsAsciiLetter(c) || c == '-'), rule: "give a method such as GET or POST");
        var url = Parse(map, "url", map.Text("url", required: true, accepts: IsTarget, rule: "give a path such as /exam?id=${id}, or a whole URL of the target"), ValueForm.Url);
        if (map.Has("body") && map.Has("form"))
        {
            map.Problem("form", null, "stands beside body", "give one of them");
            map.TextMap("form");
        }

        var body = map.Has("body") ? Parse(map, "body", map.Text("body"), ValueForm.Raw) : map.Has("form") ? Form(map) : null;
        var headers = Headers(map, variables, used);
        if (map.Has("form") && body is not null && !headers.Any(header => header.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)))
        {
            headers.Add(("Content-Type", Template.Parse("application/x-www-form-urlencoded", ValueForm.Raw, variables.PlaceOf, out _)));
        }

        var (status, checks) = Checks(map);
        var extractions = Extractions(map, variables);
        return new Page
        {
            Index = index,
            Name = name,
            Method = method?.ToUpperInvariant() ?? (body is null ? "GET" : "POST"),
            Url = url ?? Template.Parse("/", ValueForm.Raw, variables.PlaceOf, out _),
            Headers = headers,
            Body = body,
            Status = status,
            Checks = checks,
            Extractions = extractions,
            Timeout = map.Duration("timeout", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1)) ?? TimeSpan.FromSeconds(30),
            RedirectsMax = (int)(map.WholeNumber("redirects", 0, 50) ?? 10),
            NeedsBody = checks.Count > 0 || extractions.Any(each => each.Body is not null),
        };

        Template? Parse(DocumentMap at, string key, string? text, ValueForm form)
        {
            if (text is null)
            {
                return null;
            }

            var template = Template.Parse(text, form, Place, out var problem);
            if (problem is not null)
            {
                at.Problem(key, text, problem, "write values as ${name}, and '$${' for the characters themselves");
            }

            return template;

            int Place(string wanted)
            {
                used.Add((at, key, wanted));
                return variables.PlaceOf(wanted);
            }
        }

        // name=value&…, each part encoded as a form does.
        Template? Form(DocumentMap at)
        {
            var fields = at.TextMap("form").Select(field => $"{Uri.EscapeDataString(field.Key)}={Escaped(field.Value)}");
            return Parse(at, "form", string.Join('&', fields), ValueForm.Url);
        }
    }

    /// <summary>Escapes what stands between the places for values.</summary>
    private static string Escaped(string text) => string.Concat(Regex.Split(text, @"(\$\{[^}]*\})").Select(part => part.StartsWith("${", StringComparison.Ordinal) ? part : Uri.EscapeDataString(part)));

    private static bool IsTarget(string text) =>
        (text.StartsWith('/') || text.StartsWith("http://", StringComparison.Ordinal) || text.StartsWith("https://", StringComparison.Ordinal) || text.StartsWith("${", StringComparison.Ordinal))
        && !text.Any(c => c is <= ' ' or '\x7f');

    private static List<(string Name, Template Value)> Headers(DocumentMap map, VariableTable variables, List<(DocumentMap Map, string Key, string Name)> used)
    {
        var headers = new List<(string, Template)>();
        var inner = map.Map("headers");
        foreach (var name in inner.Keys)
        {
            if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal)))
            {
                inner.Problem(name, null, "is no name of a header", NameRule);
            }

            if (name.ToUpperInvariant() is "CONTENT-LENGTH" or "TRANSFER-ENCODING" or "CONNECTION")
            {
                inner.Problem(name, null, "is set by the generator", "leave it out");
            }

            var text = inner.Text(name, accepts: value => !value.Any(char.IsControl), rule: "give one line") ?? "";
            var template = Template.Parse(text, ValueForm.Raw, Place, out var problem);
            if (problem is not null)
            {
                inner.Problem(name, text, problem, "write values as ${name}");
            }

            headers.Add((name, template));

            int Place(string wanted)
            {
                used.Add((inner, name, wanted));
                return variables.PlaceOf(wanted);
            }
        }

        return headers;
    }

    private static (StatusSet, List<Check>) Checks(DocumentMap map)
    {
        var inner = map.Map("checks");
        var checks = new List<Check>();
        var status = StatusSet.Good;
        var words = inner.IsList("status") ? inner.TextList("status") : inner.Text("status") is { } one ? one.Split(',') : null;
        if (words is not null)
        {
            status = StatusSet.Parse(words) ?? status;
            if (StatusSet.Parse(words) is null)
            {
                inner.Problem("status", string.Join(", ", words), "is no status", "give statuses such as 200, 2xx or [200, 302]");
            }
        }

        foreach (var text in Texts(inner, "contains"))
        {
            checks.Add(new ContainsCheck(text, wanted: true));
        }

        foreach (var text in Texts(inner, "notContains"))
        {
            checks.Add(new ContainsCheck(text, wanted: false));
        }

        foreach (var text in Texts(inner, "matches"))
        {
            if (Pattern(inner, "matches", text) is { } pattern)
            {
                checks.Add(new PatternCheck(pattern));
            }
        }

        var json = inner.Map("json");
        foreach (var path in json.Keys)
        {
            if (JsonPath.Parse(path) is { } parsed)
            {
                checks.Add(new JsonCheck(parsed, json.Text(path)));
            }
            else
            {
                json.Problem(path, null, "is no JSON path", JsonPath.Rule);
            }
        }

        return (status, checks);
    }

    private static IReadOnlyList<string> Texts(DocumentMap map, string key) => map.IsList(key) ? map.TextList(key) : map.Text(key) is { } text ? [text] : [];

    private static List<Extraction> Extractions(DocumentMap map, VariableTable variables)
    {
        var all = new List<Extraction>();
        var inner = map.Map("extract");
        foreach (var name in inner.Keys)
        {
            var item = inner.Map(name);
            var (regex, json, header) = (item.Text("regex"), item.Text("json"), item.Text("header"));
            var optional = item.Choice("optional", ["true", "false"]) == "true";
            if (name.Contains('.', StringComparison.Ordinal) || VariableTable.BuiltIn.Contains(name))
            {
                inner.Problem(name, null, "is no name for a value", $"give one without '.', and none of {string.Join(", ", VariableTable.BuiltIn)}");
            }

            if (new[] { regex, json, header }.Count(each => each is not null) != 1)
            {
                inner.Problem(name, null, "does not say where it is found", "give one of regex, json and header");
                continue;
            }

            var body = regex is not null && Pattern(item, "regex", regex) is not null ? BodyExtractor.OfPattern(regex)
                : json is not null ? Path(item, json)
                : null;
            all.Add(new Extraction(name, variables.PlaceOf(name), header, body, optional));
        }

        if (all.Count > Page.ExtractionsMax)
        {
            map.Problem("extract", null, $"takes more than {Page.ExtractionsMax} values", "take fewer from one page");
        }

        return all;
    }

    private static JsonExtractor? Path(DocumentMap item, string text)
    {
        if (JsonPath.Parse(text) is { } path)
        {
            return new JsonExtractor(path);
        }

        item.Problem("json", text, "is no JSON path", JsonPath.Rule);
        return null;
    }

    private static Regex? Pattern(DocumentMap map, string key, string text)
    {
        try
        {
            return new Regex(text, RegexOptions.Compiled | RegexOptions.CultureInvariant, Check.PatternLimit);
        }
        catch (ArgumentException error)
        {
            map.Problem(key, text, "is no regular expression", error.Message);
            return null;
        }
    }
}
