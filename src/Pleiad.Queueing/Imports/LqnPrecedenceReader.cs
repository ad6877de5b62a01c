using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Pleiad.Queueing.Imports;

/// <summary>Reads what follows what: in the text form <c>a &amp; b -&gt; (0.3)c + (0.7)d; d -&gt; 2.5 * e, f; f[entry]</c>, in the XML form <c>precedence</c>.</summary>
internal static partial class LqnPrecedenceReader
{
    /// <summary>Reads the text behind the colon of an activity section.</summary>
    /// <exception cref="FormatException">It is not of that form.</exception>
    public static void Text(LqnActivities activities, string text)
    {
        foreach (var statement in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var sides = statement.Split("->", StringSplitOptions.TrimEntries);
            if (sides.Length > 2)
            {
                throw new FormatException(statement);
            }

            var (before, join) = Parts(sides[0]);
            string[] first = [.. before.Select(each => Named(activities, each).Name)];
            if (sides.Length == 1)
            {
                activities.Precedences.Add(new LqnPrecedence(first, join, [], LqnJoin.Or));
            }
            else if (sides[1].Contains('*', StringComparison.Ordinal))
            {
                // The end of a loop stands behind a comma, without a count.
                activities.Precedences.Add(new LqnPrecedence(first, join, [.. sides[1].Split(',', StringSplitOptions.TrimEntries).Select(each => Named(activities, each))], LqnJoin.Loop));
            }
            else
            {
                var (after, fork) = Parts(sides[1]);
                activities.Precedences.Add(new LqnPrecedence(first, join, [.. after.Select(each => Named(activities, each))], fork));
            }
        }
    }

    /// <summary>Reads one element.</summary>
    public static LqnPrecedence Xml(XElement precedence)
    {
        var before = precedence.Elements().First(each => each.Name.LocalName.StartsWith("pre", StringComparison.Ordinal));
        var after = precedence.Elements().FirstOrDefault(each => each.Name.LocalName.StartsWith("post", StringComparison.Ordinal));
        var fork = after?.Name.LocalName switch { "post-AND" => LqnJoin.And, "post-LOOP" => LqnJoin.Loop, _ => LqnJoin.Or };
        List<(string, double)> follow = [.. after?.Elements("activity").Select(each => (Name(each), Weight(each, fork))) ?? []];
        if (after?.Attribute("end")?.Value is { Length: > 0 } end)
        {
            follow.Add((end, 1));
        }

        return new LqnPrecedence([.. before.Elements("activity").Select(Name)], before.Name.LocalName == "pre-AND" ? LqnJoin.And : LqnJoin.Or, follow, fork);
    }

    private static string Name(XElement each) => each.Attribute("name")?.Value ?? "unnamed";

    private static double Weight(XElement each, LqnJoin fork) =>
        double.TryParse(each.Attribute(fork == LqnJoin.Loop ? "count" : "prob")?.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) ? weight : 1;

    private static (string[] Parts, LqnJoin Join) Parts(string side)
    {
        var separator = side.Contains('&', StringComparison.Ordinal) ? '&' : '+';
        return (side.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), separator == '&' ? LqnJoin.And : LqnJoin.Or);
    }

    /// <summary>An activity with its weight; what answers is kept.</summary>
    private static (string Name, double Weight) Named(LqnActivities activities, string text)
    {
        var match = Form().Match(text);
        if (!match.Success)
        {
            throw new FormatException(text);
        }

        var name = match.Groups["name"].Value;
        if (match.Groups["reply"].Success)
        {
            activities.Replies.Add(name);
        }

        var weight = match.Groups["probability"].Success ? match.Groups["probability"].Value : match.Groups["count"].Success ? match.Groups["count"].Value : "1";
        return (name, double.Parse(weight, NumberStyles.Float, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^(\(\s*(?<probability>[\d.eE+-]+)\s*\)|(?<count>[\d.eE+-]+)\s*\*)?\s*(?<name>[\w.:@-]+)\s*(\[(?<reply>[^\]]*)\])?\s*(\(\s*\d+\s*\))?$")]
    private static partial Regex Form();
}
