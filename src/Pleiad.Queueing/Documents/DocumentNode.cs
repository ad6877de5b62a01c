using System.Globalization;
using Pleiad.Distributions.Documents;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Pleiad.Queueing.Documents;

/// <summary>
/// A part of a YAML (or JSON) document: a text, a list or a mapping. What is asked for is remembered; <see cref="ReportUnknown"/> then names the keys that nobody asked for. All problems
/// of a document are gathered, each with its line.
/// </summary>
internal sealed class DocumentNode : IDistributionNode
{
    public const int LengthMax = 4 << 20;
    private const int DepthMax = 32;

    private readonly YamlNode _node;
    private readonly List<DocumentProblem> _problems;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DocumentNode> _children = new(StringComparer.Ordinal);

    private DocumentNode(YamlNode node, string path, int line, List<DocumentProblem> problems)
    {
        (_node, Path, Line, _problems) = (node, path, line, problems);
        foreach (var (key, value) in (node as YamlMappingNode)?.Children ?? (IEnumerable<KeyValuePair<YamlNode, YamlNode>>)[])
        {
            var name = ((YamlScalarNode)key).Value ?? "";
            _children[name] = new DocumentNode(value, path.Length == 0 ? name : $"{path}.{name}", (int)key.Start.Line, problems);
        }
    }

    public string Path { get; }

    public int Line { get; }

    public bool IsMap => _node is YamlMappingNode;

    public bool IsList => _node is YamlSequenceNode;

    /// <summary>The text of a scalar, or null.</summary>
    public string? Scalar => (_node as YamlScalarNode)?.Value;

    public IReadOnlyList<DocumentProblem> Problems => _problems;

    public static DocumentNode Parse(string text, string subject)
    {
        if (text.Length > LengthMax)
        {
            throw new DocumentException(subject, [new(null, "document", null, $"has {text.Length} characters", $"at most {LengthMax} are read")]);
        }

        try
        {
            RefuseCostly(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? new DocumentNode(root, "", 1, [])
                : throw new DocumentException(subject, [new(1, "document", null, "is no single mapping", "begin with 'key: value' lines, without '---' between")]);
        }
        catch (Exception error) when (error is YamlException or ArgumentException or InvalidOperationException)
        {
            var line = error is YamlException yaml ? (int)yaml.Start.Line : 1;
            throw new DocumentException(subject, [new(line, "document", null, $"is no valid YAML ({error.InnerException?.Message ?? error.Message})", "correct it there")], error);
        }
    }

    public void Problem(string? value, string reason, string remedy) => _problems.Add(new DocumentProblem(Line, Path, value, reason, remedy));

    public void Problem(string reason, string remedy) => Problem(Shown, reason, remedy);

    /// <summary>The value of a key, or null when it is absent or empty.</summary>
    public DocumentNode? Child(string key)
    {
        _asked.Add(key);
        return _children.TryGetValue(key, out var child) && child is not { _node: YamlScalarNode { Value: null or "" or "null" or "~" } } ? child : null;
    }

    /// <summary>The value of a key; its absence is a problem.</summary>
    public DocumentNode? Required(string key, string remedy)
    {
        var child = Child(key);
        if (child is null)
        {
            Missing(key, remedy);
        }

        return child;
    }

    private void Missing(string key, string remedy) =>
        _problems.Add(new DocumentProblem(_children.TryGetValue(key, out var empty) ? empty.Line : Line, Path.Length == 0 ? key : $"{Path}.{key}", null, "is missing", remedy));

    /// <summary>All entries of a mapping whose keys are free; anything else is a problem.</summary>
    public IReadOnlyList<(string Key, DocumentNode Value)> Entries(string remedy)
    {
        if (!IsMap)
        {
            Problem("is no mapping", remedy);
            return [];
        }

        _asked.UnionWith(_children.Keys);
        return [.. _children.Select(entry => (entry.Key, entry.Value))];
    }

    /// <summary>Whether a mapping has the key, without asking for it.</summary>
    public bool Has(string key) => _children.ContainsKey(key);

    public IReadOnlyList<string> Keys => [.. _children.Keys];

    /// <summary>The items of a list; anything else is a problem.</summary>
    public IReadOnlyList<DocumentNode> Items(string remedy)
    {
        if (_node is YamlSequenceNode list)
        {
            return _items ??= [.. list.Children.Select((item, at) => new DocumentNode(item, $"{Path}[{at + 1}]", (int)item.Start.Line, _problems))];
        }

        Problem("is no list", remedy);
        return [];
    }

    private IReadOnlyList<DocumentNode>? _items;

    /// <summary>Adds every key that nobody asked for, here and below, as a problem.</summary>
    public void ReportUnknown()
    {
        foreach (var (key, child) in _children)
        {
            if (_asked.Contains(key))
            {
                child.ReportUnknown();
            }
            else if (_asked.Count > 0)
            {
                _problems.Add(new DocumentProblem(child.Line, child.Path, null, "is no known key", $"known here: {string.Join(", ", _asked.Order(StringComparer.Ordinal))}"));
            }
        }

        foreach (var item in _items ?? [])
        {
            item.ReportUnknown();
        }
    }

    /// <summary>A number, or null with a problem.</summary>
    public double? Number(double min, double max, string what = "number")
    {
        var remedy = string.Create(CultureInfo.InvariantCulture, $"give a {what} from {min} to {max}");
        if (!double.TryParse(Scalar, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            Problem($"is no {what}", remedy);
            return null;
        }

        if (value < min || value > max)
        {
            Problem(value < 0 && min >= 0 ? "is negative" : "is out of range", remedy);
            return null;
        }

        return value;
    }

    public int? Whole(int min, int max)
    {
        var value = Number(min, max, "whole number");
        if (value is { } number && number != Math.Floor(number))
        {
            Problem("is no whole number", $"give a whole number from {min} to {max}");
            return null;
        }

        return (int?)value;
    }

    /// <summary>A length of time in seconds, or null with a problem.</summary>
    public double? Seconds(bool zero = true)
    {
        if (!Quantity.TrySeconds(Scalar, out var seconds))
        {
            Problem("is no length of time", Quantity.DurationRule);
            return null;
        }

        if (seconds < 0 || (seconds == 0 && !zero))
        {
            Problem(seconds < 0 ? "is negative" : "is zero", zero ? "give a time of 0 or more" : "give a time above 0");
            return null;
        }

        return seconds;
    }

    string IDistributionNode.TimeRule => Quantity.DurationRule;

    IDistributionNode? IDistributionNode.Child(string key) => Child(key);

    IReadOnlyList<IDistributionNode> IDistributionNode.Items(string remedy) => Items(remedy);

    bool IDistributionNode.TrySeconds(out double seconds) => Quantity.TrySeconds(Scalar, out seconds);

    void IDistributionNode.Missing(string key, string remedy) => Missing(key, remedy);

    public string? Choice(params string[] allowed)
    {
        var found = allowed.FirstOrDefault(each => string.Equals(each, Scalar, StringComparison.OrdinalIgnoreCase));
        if (found is null)
        {
            Problem("is not known", $"give one of {string.Join(", ", allowed)}");
        }

        return found;
    }

    private string Shown => _node switch
    {
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlMappingNode => "{ … }",
        _ => "[ … ]",
    };

    /// <summary>Small documents that stand for huge ones, and keys that are no texts.</summary>
    private static void RefuseCostly(string text)
    {
        var parser = new Parser(new StringReader(text));
        var open = new Stack<bool?>();
        while (parser.MoveNext())
        {
            var at = parser.Current!;
            if (at is MappingEnd or SequenceEnd)
            {
                open.Pop();
                continue;
            }

            if (at is AnchorAlias)
            {
                throw new YamlException(at.Start, at.End, "aliases are not read");
            }

            if ((at is YamlDotNet.Core.Events.Scalar or MappingStart or SequenceStart) && open.TryPop(out var isKey))
            {
                if (isKey == true && at is not YamlDotNet.Core.Events.Scalar)
                {
                    throw new YamlException(at.Start, at.End, "a key that is no plain text");
                }

                open.Push(!isKey);
            }

            if (at is MappingStart or SequenceStart)
            {
                open.Push(at is MappingStart ? true : null);
                if (open.Count > DepthMax)
                {
                    throw new YamlException(at.Start, at.End, $"nested deeper than {DepthMax} levels");
                }
            }
        }
    }
}
