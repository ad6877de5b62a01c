namespace Pleiad.Distributions.Documents;

/// <summary>
/// A part of a YAML or JSON document that stands for a distribution: a text, a list or a mapping. Whoever reads documents hands its own parts over through it, so that all of them
/// write distributions alike and keep their own way of gathering problems.
/// </summary>
public interface IDistributionNode
{
    /// <summary>The text of a single value, or null.</summary>
    string? Scalar { get; }

    /// <summary>Whether it is a list.</summary>
    bool IsList { get; }

    /// <summary>Keys of a mapping; none for anything else.</summary>
    IReadOnlyList<string> Keys { get; }

    /// <summary>How a length of time is written here, as a remedy.</summary>
    string TimeRule { get; }

    /// <summary>The value of a key, or null when it is absent or empty.</summary>
    IDistributionNode? Child(string key);

    /// <summary>The items of a list; for anything else none, and a problem.</summary>
    IReadOnlyList<IDistributionNode> Items(string remedy);

    /// <summary>Reads the text as a length of time, in seconds; it may be negative.</summary>
    bool TrySeconds(out double seconds);

    /// <summary>Adds a problem with this part; the document says where it is and what was given.</summary>
    void Problem(string reason, string remedy);

    /// <summary>Adds the absence of a key as a problem.</summary>
    void Missing(string key, string remedy);
}
