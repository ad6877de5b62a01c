using System.Runtime.InteropServices;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Association;

/// <summary>
/// An exchange with what is known of its place: the request that caused it and the calls it caused. Nodes are used again once they are settled and given out; who wants to hold one
/// longer says so by <see cref="Keep"/>.
/// </summary>
internal sealed class Node
{
    // Shared by the many that call nobody; never added to.
    private static readonly List<Node> None = [];

    private List<RequestToken>? _tokens;
    private List<Block>? _blocks;
    private List<Node>? _calls;

    public Exchange Exchange { get; private set; } = null!;

    public int Tier { get; private set; }

    /// <summary>Number of its class; 0 until classified.</summary>
    public int Class { get; set; }

    /// <summary>Values of its URI, once <see cref="ReadTokens"/> was called.</summary>
    public ReadOnlySpan<RequestToken> Tokens => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>Number of what its calls depend on: its class and the values that were found to matter.</summary>
    public int Context { get; set; }

    /// <summary>Blocks of calls given to it in the present sample, by start.</summary>
    public List<Block> Blocks => _blocks ??= [];

    /// <summary>Requests in the tier's machine, and not in a call of theirs, when it arrived; -1 until counted.</summary>
    public int Ahead { get; set; }

    /// <summary>The request that caused it, with the probability that it did; null when that is open.</summary>
    public Node? Parent { get; set; }

    public double ParentPosterior { get; set; }

    /// <summary>The probability that its calls are exactly those that are given to it.</summary>
    public double CallsPosterior { get; set; }

    /// <summary>Its calls, once they are settled.</summary>
    public List<Node> Calls => _calls ?? None;

    /// <summary>The request before it on its client's connection, while calls are told by that.</summary>
    public Node? BeforeOfClient { get; set; }

    public bool Committed { get; set; }

    public bool IsKept { get; private set; }

    public long StartNs { get; private set; }

    public long EndNs { get; private set; }

    /// <summary>Makes it as new.</summary>
    public Node Begin(Exchange exchange, int tier)
    {
        Exchange = exchange;
        Tier = tier;
        StartNs = exchange.StartNs;
        EndNs = exchange.EndNs;
        Class = Context = 0;
        Ahead = -1;
        Parent = BeforeOfClient = null;
        ParentPosterior = 0;
        CallsPosterior = 1;
        Committed = false;
        _tokens?.Clear();
        _blocks?.Clear();
        _calls?.Clear();
        return this;
    }

    /// <summary>Reads the values of its URI, once.</summary>
    public void ReadTokens(RequestClasses classes)
    {
        _tokens ??= [];
        if (_tokens.Count == 0)
        {
            classes.Tokens(Exchange.Uri, _tokens);
        }
    }

    public void AddCall(Node call) => (_calls ??= []).Add(call);

    public void ClearCalls() => _calls?.Clear();

    /// <summary>Keeps it, and all that it caused, from being used again.</summary>
    public void Keep()
    {
        IsKept = true;
        foreach (var call in Calls)
        {
            call.Keep();
        }
    }
}

/// <summary>A value of a request.</summary>
/// <param name="Key">Number of its place: a query key or a path segment.</param>
/// <param name="Hash">Hash of the value.</param>
internal readonly record struct RequestToken(int Key, ulong Hash);
