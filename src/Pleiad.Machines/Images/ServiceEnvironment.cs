using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;

namespace Pleiad.Machines.Images;

/// <summary>Environment variables of a service; equal when they are the same variables with the same values.</summary>
public sealed class ServiceEnvironment : IEquatable<ServiceEnvironment>
{
    /// <summary>No variables.</summary>
    public static readonly ServiceEnvironment Empty = new(new Dictionary<string, string>());

    private const string PortName = "PORT";
    private const string Plain = "-._~/:,@+=";
    private const int NameLengthMax = 64;

    private readonly SortedDictionary<string, string> _variables;

    /// <summary>Variables by their names.</summary>
    [JsonConstructor]
    public ServiceEnvironment(IReadOnlyDictionary<string, string> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        _variables = new SortedDictionary<string, string>(variables.ToDictionary(), StringComparer.Ordinal);
    }

    /// <summary>The variables in the order of their names.</summary>
    public IReadOnlyDictionary<string, string> Variables => _variables;

    /// <summary>Words of the kernel command line that the shipped init reads: <c>pleiad.env.NAME=VALUE</c>, the value with all but plain characters as <c>%XX</c>.</summary>
    internal IEnumerable<string> Words => _variables.Select(one => $"pleiad.env.{one.Key}={Escaped(one.Value)}");

    /// <inheritdoc/>
    public bool Equals(ServiceEnvironment? other) => other is not null && _variables.SequenceEqual(other._variables);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ServiceEnvironment);

    /// <inheritdoc/>
    public override int GetHashCode() => _variables.Aggregate(0, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', _variables.Select(one => $"{one.Key}={one.Value}"));

    /// <summary>What is wrong with a variable, with the remedy.</summary>
    internal static IEnumerable<(string Reason, string Remedy)> Problems(string name, string value)
    {
        if (name.Length is 0 or > NameLengthMax || char.IsAsciiDigit(name[0]) || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            yield return ("is no name of a variable", $"give 1 to {NameLengthMax} letters, digits and '_', no digit first");
        }

        if (name == PortName)
        {
            yield return ("is set by Pleiad", "give port");
        }

        if (value.Contains('\0', StringComparison.Ordinal))
        {
            yield return ("has a NUL character", "leave it out");
        }
    }

    private static string Escaped(string value)
    {
        var escaped = new StringBuilder();
        foreach (var one in Encoding.UTF8.GetBytes(value))
        {
            _ = char.IsAsciiLetterOrDigit((char)one) || Plain.Contains((char)one) ? escaped.Append((char)one) : escaped.Append(CultureInfo.InvariantCulture, $"%{one:X2}");
        }

        return escaped.ToString();
    }
}
