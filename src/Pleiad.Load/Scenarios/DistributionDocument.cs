using Pleiad.Core.Documents;
using Pleiad.Distributions;
using Pleiad.Distributions.Documents;

namespace Pleiad.Load.Scenarios;

/// <summary>
/// Distributions of times in scenario files: <c>think: 5s</c> is exponential with that mean, <c>think: { lognormal: { mean: 5s, scv: 0.5 } }</c> any other; the names and parameters
/// are those of model files, read by the same reader.
/// </summary>
internal static class DistributionDocument
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromDays(365);

    /// <summary>The distribution at <paramref name="key"/>, or null when it is absent or wrong.</summary>
    public static Distribution? Read(DocumentMap map, string key) => map.Has(key) ? DistributionReader.Read(new Node(map, key, null), hasPhases: false) : null;

    /// <summary>A value of a mapping, or an item of a list there.</summary>
    private sealed class Node(DocumentMap map, string key, string? item) : IDistributionNode
    {
        private DocumentMap? _inner;
        private string? _text;

        // Asked once: an empty value is a problem each time.
        public string? Scalar => item ?? (map.IsMap(key) || IsList ? null : _text ??= map.Text(key) ?? "");

        public bool IsList => item is null && map.IsList(key);

        public IReadOnlyList<string> Keys => Inner is { } inner ? [.. inner.Keys] : [];

        public string TimeRule => Times.Rule;

        // Made once: the mapping remembers what it was asked for.
        private DocumentMap? Inner => item is null && map.IsMap(key) ? _inner ??= map.Map(key) : null;

        public IDistributionNode? Child(string name) => Inner is { } inner && inner.Has(name) ? new Node(inner, name, null) : null;

        public IReadOnlyList<IDistributionNode> Items(string remedy)
        {
            if (IsList)
            {
                return [.. map.TextList(key).Select(text => new Node(map, key, text))];
            }

            Problem("is no list", remedy);
            return [];
        }

        public bool TrySeconds(out double seconds) => Times.TrySeconds(Scalar, out seconds) && seconds <= TimeMax.TotalSeconds;

        public void Problem(string reason, string remedy) => map.Problem(key, Scalar, reason, remedy);

        public void Missing(string name, string remedy)
        {
            if (Inner is { } inner)
            {
                inner.Problem(name, null, "is missing", remedy);
            }
            else
            {
                Problem("is no mapping", remedy);
            }
        }
    }
}
