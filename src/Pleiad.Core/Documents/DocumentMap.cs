using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Pleiad.Core.Documents;

/// <summary>
/// One mapping of a YAML (or JSON) document, read key by key; every problem is gathered with its line, and keys that nobody asked for are problems too.
/// Call <see cref="Finish"/> on the root when all keys were asked for.
/// </summary>
public sealed class DocumentMap
{
    /// <summary>Largest document read, in characters: these are configurations written by people.</summary>
    public const int LengthMax = 1 << 20;

    private readonly Dictionary<string, YamlNode> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lines = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);
    private readonly List<DocumentMap> _children = [];
    private readonly List<InputProblem> _problems;
    private readonly string _subject;
    private readonly string _prefix;

    private DocumentMap(string subject, string prefix, List<InputProblem> problems, YamlMappingNode? node)
    {
        _subject = subject;
        _prefix = prefix;
        _problems = problems;
        foreach (var (key, value) in node?.Children ?? (IEnumerable<KeyValuePair<YamlNode, YamlNode>>)[])
        {
            var name = ((YamlScalarNode)key).Value ?? "";
            _nodes[name] = value;
            _lines[name] = (int)key.Start.Line;
        }
    }

    /// <summary>Reads a document whose root is a mapping.</summary>
    /// <param name="text">YAML, of which JSON is a part.</param>
    /// <param name="subject">What to call it in errors, usually the file's name.</param>
    /// <exception cref="InvalidInputException">The text is no YAML, has a key twice, or its root is no mapping.</exception>
    public static DocumentMap Parse(string text, string subject)
    {
        if (text.Length > LengthMax)
        {
            throw new InvalidInputException(subject, new InputProblem("document", null, $"has {text.Length} characters", $"at most {LengthMax} are read"));
        }

        var parser = new BoundedYamlParser(new Parser(new StringReader(text)));
        try
        {
            var stream = new YamlStream();
            stream.Load(parser);
            return stream.Documents switch
            {
                [{ RootNode: YamlMappingNode root }] => new DocumentMap(subject, "", [], root),
                [] => throw new InvalidInputException(subject, new InputProblem("document", null, "is empty", "begin with 'key: value' lines")),
                [_] => throw new InvalidInputException(subject, new InputProblem("document", null, "is no mapping", "begin with 'key: value' lines")),
                _ => throw new InvalidInputException(subject, new InputProblem("document", null, "holds several documents", "give one document a file, without '---' between")),
            };
        }
        catch (Exception error) when (error is YamlException or ArgumentException or InvalidOperationException)
        {
            // YamlDotNet lets errors of its own parts through, for example at an escape that stands for no character.
            var what = error.InnerException is null ? error.Message : error.InnerException.Message;
            var line = (int)((error as YamlException)?.Start.Line ?? parser.Current?.End.Line ?? 1);
            throw new InvalidInputException(subject, new InputProblem("document", null, $"is no valid YAML ({what})", "correct it there", line), error);
        }
    }

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => _nodes.ContainsKey(key);

    /// <summary>The line a key stands on, from 1, or null when it is absent.</summary>
    public int? LineOf(string key) => _lines.TryGetValue(key, out var line) ? line : null;

    /// <summary>The keys that are there, in the document's order.</summary>
    public IReadOnlyCollection<string> Keys => _nodes.Keys;

    /// <summary>Whether the key holds a mapping.</summary>
    public bool IsMap(string key) => _nodes.TryGetValue(key, out var node) && node is YamlMappingNode;

    /// <summary>Whether the key holds a list.</summary>
    public bool IsList(string key) => _nodes.TryGetValue(key, out var node) && node is YamlSequenceNode;

    /// <summary>Adds a problem of the caller's own rules about <paramref name="key"/>.</summary>
    public void Problem(string key, string? value, string reason, string remedy) =>
        _problems.Add(new InputProblem(_prefix + key, value, reason, remedy, LineOf(key)));

    /// <summary>A text that keeps a rule, or null when the key is absent.</summary>
    /// <param name="key">Name of the key.</param>
    /// <param name="required">Whether its absence is a problem.</param>
    /// <param name="accepts">The rule; null accepts all.</param>
    /// <param name="rule">The rule in words, for the error.</param>
    public string? Text(string key, bool required = false, Func<string, bool>? accepts = null, string rule = "give a text")
    {
        var value = Scalar(key, required, rule);
        if (value is not null && accepts?.Invoke(value) == false)
        {
            Problem(key, value, "is not allowed", rule);
            return null;
        }

        return value;
    }

    /// <summary>A whole number within bounds, or null when the key is absent or wrong.</summary>
    public long? WholeNumber(string key, long min, long max, bool required = false)
    {
        var rule = $"give a whole number from {min} to {max}";
        var text = Scalar(key, required, rule);
        return text is null
            ? null
            : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
                ? InRange(key, text, value, min, max, rule)
                : Refuse<long>(key, text, "is no whole number", rule);
    }

    /// <summary>A number within bounds, or null when the key is absent or wrong.</summary>
    public double? Number(string key, double min, double max, bool required = false)
    {
        var rule = string.Create(CultureInfo.InvariantCulture, $"give a number from {min} to {max}");
        var text = Scalar(key, required, rule);
        return text is null
            ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? InRange(key, text, value, min, max, rule)
                : Refuse<double>(key, text, "is no number", rule);
    }

    /// <summary>A size in bytes within bounds, or null when the key is absent or wrong.</summary>
    public long? Size(string key, long min, long max, bool required = false)
    {
        var rule = $"give a size from {ByteSize.Format(min)} to {ByteSize.Format(max)}: {ByteSize.Rule}";
        var text = Scalar(key, required, rule);
        return text is null
            ? null
            : ByteSize.TryParse(text, out var value) ? InRange(key, text, value, min, max, rule) : Refuse<long>(key, text, "is no size", rule);
    }

    /// <summary>A length of time within bounds, or null when the key is absent or wrong.</summary>
    public TimeSpan? Duration(string key, TimeSpan min, TimeSpan max, bool required = false)
    {
        var rule = $"give a time from {Documents.Duration.Format(min)} to {Documents.Duration.Format(max)}: {Documents.Duration.Rule}";
        var text = Scalar(key, required, rule);
        return text is null
            ? null
            : Documents.Duration.TryParse(text, out var value) ? InRange(key, text, value, min, max, rule) : Refuse<TimeSpan>(key, text, "is no length of time", rule);
    }

    /// <summary>One of the given words, or null when the key is absent or wrong.</summary>
    public string? Choice(string key, IReadOnlyCollection<string> allowed, bool required = false) =>
        Text(key, required, allowed.Contains, $"give one of {string.Join(", ", allowed)}");

    /// <summary>A nested mapping; an empty one when the key is absent.</summary>
    public DocumentMap Map(string key)
    {
        _asked.Add(key);
        if (_nodes.TryGetValue(key, out var node) && node is not YamlMappingNode)
        {
            Problem(key, Shown(node), "is no mapping", "give 'key: value' lines below it or { key: value }");
        }

        var child = new DocumentMap(_subject, _prefix + key + ".", _problems, node as YamlMappingNode);
        _children.Add(child);
        return child;
    }

    /// <summary>The mappings of a list; empty when the key is absent.</summary>
    public IReadOnlyList<DocumentMap> Maps(string key)
    {
        _asked.Add(key);
        if (!_nodes.TryGetValue(key, out var node))
        {
            return [];
        }

        if (node is not YamlSequenceNode list || list.Children.Any(item => item is not YamlMappingNode))
        {
            Problem(key, Shown(node), "is no list of mappings", "give lines that begin with '- ' and have 'key: value' pairs");
            return [];
        }

        var children = list.Children.Select((item, index) => new DocumentMap(_subject, $"{_prefix}{key}[{index}].", _problems, (YamlMappingNode)item)).ToList();
        _children.AddRange(children);
        return children;
    }

    /// <summary>The entries of a nested mapping of texts whose keys are free, for example an environment; empty when the key is absent.</summary>
    public IReadOnlyDictionary<string, string> TextMap(string key)
    {
        var child = Map(key);
        return child._nodes.Keys.ToDictionary(name => name, name => child.Scalar(name, true, "give a text") ?? "", StringComparer.Ordinal);
    }

    /// <summary>The texts of a list; empty when the key is absent.</summary>
    public IReadOnlyList<string> TextList(string key)
    {
        _asked.Add(key);
        if (!_nodes.TryGetValue(key, out var node))
        {
            return [];
        }

        if (node is YamlSequenceNode list && list.Children.All(item => item is YamlScalarNode))
        {
            return [.. list.Children.Select(item => ((YamlScalarNode)item).Value ?? "")];
        }

        Problem(key, Shown(node), "is no list of texts", "give [a, b] or lines that begin with '- '");
        return [];
    }

    /// <summary>Adds keys that nobody asked for as problems, and refuses the document when there is any problem.</summary>
    /// <exception cref="InvalidInputException">With all problems of this mapping and those below it.</exception>
    public void Finish()
    {
        Unknown();
        if (_problems.Count > 0)
        {
            throw new InvalidInputException(_subject, [.. _problems.OrderBy(problem => problem.Line ?? 0)]);
        }
    }

    private void Unknown()
    {
        foreach (var name in _nodes.Keys.Where(name => !_asked.Contains(name)))
        {
            Problem(name, null, "is no known key", $"known here: {string.Join(", ", _asked.Order(StringComparer.Ordinal))}");
        }

        _children.ForEach(child => child.Unknown());
    }

    private string? Scalar(string key, bool required, string rule)
    {
        _asked.Add(key);
        if (!_nodes.TryGetValue(key, out var node))
        {
            if (required)
            {
                _problems.Add(new InputProblem(_prefix + key, null, "is missing", rule));
            }

            return null;
        }

        if (node is YamlScalarNode { Value.Length: > 0 } scalar)
        {
            return scalar.Value;
        }

        Problem(key, Shown(node), node is YamlScalarNode ? "is empty" : "is no single value", rule);
        return null;
    }

    // Never the whole tree: with aliases a small document can stand for a huge one.
    private static string Shown(YamlNode node) => node switch
    {
        YamlScalarNode scalar => scalar.Value ?? "",
        YamlMappingNode => "{ … }",
        _ => "[ … ]",
    };

    private T? InRange<T>(string key, string text, T value, T min, T max, string rule)
        where T : struct, IComparable<T> =>
        value.CompareTo(min) < 0 || value.CompareTo(max) > 0 ? Refuse<T>(key, text, "is out of range", rule) : value;

    private T? Refuse<T>(string key, string value, string reason, string rule)
        where T : struct
    {
        Problem(key, value, reason, rule);
        return null;
    }
}
