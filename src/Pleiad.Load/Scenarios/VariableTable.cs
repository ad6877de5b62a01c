using System.Text;

namespace Pleiad.Load.Scenarios;

/// <summary>Names of values that templates use, each with its place in a session's array of values.</summary>
internal sealed class VariableTable
{
    /// <summary>Values every session has: its number, the number of its user, a random text, the number of the request in it.</summary>
    public static readonly string[] BuiltIn = ["session", "user", "uuid", "step"];

    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    public VariableTable()
    {
        foreach (var name in BuiltIn)
        {
            PlaceOf(name);
        }
    }

    public int Count => _places.Count;

    public IEnumerable<string> Names => _places.Keys;

    /// <summary>Constants of the file, by place.</summary>
    public Dictionary<int, byte[]> Constants { get; } = [];

    /// <summary>Names of the columns of data, as <c>file.column</c>.</summary>
    public HashSet<string> DataColumns { get; } = new(StringComparer.Ordinal);

    public int PlaceOf(string name)
    {
        if (!_places.TryGetValue(name, out var place))
        {
            _places[name] = place = _places.Count;
        }

        return place;
    }

    public void AddConstant(string name, string value) => Constants[PlaceOf(name)] = Encoding.UTF8.GetBytes(value);
}
