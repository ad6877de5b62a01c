using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Association;

/// <summary>An exchange with what is known of its place: the request that caused it and the calls it caused.</summary>
internal sealed class Node(Exchange exchange, int tier)
{
    // Shared by the many that call nobody; never added to.
    private static readonly List<Node> None = [];

    private List<Block>? _blocks;
    private List<Node>? _calls;

    public Exchange Exchange { get; } = exchange;

    public int Tier { get; } = tier;

    /// <summary>Number of its class; 0 until classified.</summary>
    public int Class { get; set; }

    /// <summary>Values of its URI, or null until they are needed.</summary>
    public RequestToken[]? Tokens { get; set; }

    /// <summary>Number of what its calls depend on: its class and the values that were found to matter.</summary>
    public int Context { get; set; }

    /// <summary>Blocks of calls given to it in the present sample, by start.</summary>
    public List<Block> Blocks => _blocks ??= [];

    /// <summary>Requests in the tier's machine, and not in a call of theirs, when it arrived; -1 until counted.</summary>
    public int Ahead { get; set; } = -1;

    /// <summary>The request that caused it, with the probability that it did; null when that is open.</summary>
    public Node? Parent { get; set; }

    public double ParentPosterior { get; set; }

    /// <summary>The probability that its calls are exactly those that are given to it.</summary>
    public double CallsPosterior { get; set; } = 1;

    /// <summary>Its calls, once they are settled.</summary>
    public List<Node> Calls => _calls ?? None;

    public bool Committed { get; set; }

    public long StartNs { get; } = exchange.StartNs;

    public long EndNs { get; } = exchange.EndNs;

    public void AddCall(Node call) => (_calls ??= []).Add(call);

    public void ClearCalls() => _calls?.Clear();
}

/// <summary>A value of a request.</summary>
/// <param name="Key">Number of its place: a query key or a path segment.</param>
/// <param name="Hash">Hash of the value.</param>
internal readonly record struct RequestToken(int Key, ulong Hash);

/// <summary>Calls that certainly belong to one request: one call, a transaction, or all between two borrowings of a pool's connection.</summary>
internal sealed class Block
{
    public const int NoCandidate = -1;

    public required List<Node> Calls { get; init; }

    public long StartNs { get; set; }

    public long EndNs { get; set; }

    public int FirstStatement { get; set; }

    public int LastStatement { get; set; }

    /// <summary>The block before it on its connection.</summary>
    public Block? Before { get; set; }

    /// <summary>Values in its calls, each once.</summary>
    public List<BlockValue> Values { get; } = [];

    /// <summary>Requests that may have caused it.</summary>
    public Node[] Candidates { get; set; } = [];

    /// <summary>What its values say for each candidate, as a logarithm of a likelihood ratio.</summary>
    public double[] Evidence { get; set; } = [];

    /// <summary>Sum of the samples' probabilities for each candidate.</summary>
    public double[] Weight { get; set; } = [];

    public double WeightOfNone { get; set; }

    /// <summary>Index of the candidate that has it in the present sample.</summary>
    public int Current { get; set; } = NoCandidate;

    /// <summary>Whether the protocol itself says whose it is.</summary>
    public bool IsKnown { get; set; }

    public Node? Holder => Current < 0 ? null : Candidates[Current];

    public Node First => Calls[0];
}

/// <summary>A value of a block and where it stands.</summary>
internal readonly record struct BlockValue(int Statement, int Place, ulong Hash);
