namespace Pleiad.State.Sql;

/// <summary>The WHERE of a query of which each condition may be absent.</summary>
internal sealed class Filter
{
    private readonly List<string> _conditions = [];
    private readonly List<(string Name, object? Value)> _values = [];

    /// <summary>Adds a condition unless its value is null.</summary>
    public Filter Where(string condition, string name, object? value)
    {
        if (value is not null)
        {
            _conditions.Add(condition);
            _values.Add((name, value));
        }

        return this;
    }

    /// <summary>The values of the conditions and <c>@limit</c>.</summary>
    public (string Name, object? Value)[] Values(int limit) => [.. _values, ("limit", limit)];

    /// <inheritdoc/>
    public override string ToString() => _conditions.Count == 0 ? "" : "where " + string.Join(" and ", _conditions);
}
