namespace Pleiad.Wire.Association;

/// <summary>
/// Calls that certainly belong to one request: one call, a transaction, or all between two borrowings of a pool's connection. Blocks live for one batch and are used again for the
/// next (<see cref="BlockPool"/>).
/// </summary>
internal sealed class Block
{
    public const int NoCandidate = -1;

    private Node[] _candidates = [];
    private double[] _evidence = [];
    private double[] _weight = [];
    private int _count;

    public List<Node> Calls { get; } = [];

    public long StartNs { get; private set; }

    public long EndNs { get; set; }

    public int FirstStatement { get; set; }

    public int LastStatement { get; set; }

    /// <summary>The block before it on its connection.</summary>
    public Block? Before { get; private set; }

    /// <summary>The block after it on its connection.</summary>
    public Block? After { get; private set; }

    /// <summary>Values in its calls, each once.</summary>
    public List<BlockValue> Values { get; } = [];

    /// <summary>Requests that may have caused it.</summary>
    public ReadOnlySpan<Node> Candidates => _candidates.AsSpan(0, _count);

    public int CandidateCount => _count;

    /// <summary>What its values say for each candidate, as a logarithm of a likelihood ratio.</summary>
    public Span<double> Evidence => _evidence.AsSpan(0, _count);

    /// <summary>Sum of the samples' probabilities for each candidate.</summary>
    public Span<double> Weight => _weight.AsSpan(0, _count);

    public double WeightOfNone { get; set; }

    /// <summary>Index of the candidate that has it in the present sample.</summary>
    public int Current { get; set; }

    /// <summary>Whether the protocol itself says whose it is.</summary>
    public bool IsKnown { get; set; }

    public Node? Holder => Current < 0 ? null : _candidates[Current];

    public Node First => Calls[0];

    /// <summary>Makes it as new.</summary>
    public void Begin(long startNs, Block? before)
    {
        StartNs = startNs;
        EndNs = 0;
        Before = before;
        After = null;
        if (before is not null)
        {
            before.After = this;
        }

        FirstStatement = LastStatement = 0;
        _count = 0;
        WeightOfNone = 0;
        Current = NoCandidate;
        IsKnown = false;
        Calls.Clear();
        Values.Clear();
    }

    public void AddCandidate(Node candidate)
    {
        if (_count == _candidates.Length)
        {
            var room = Math.Max(8, _count * 2);
            Array.Resize(ref _candidates, room);
            Array.Resize(ref _evidence, room);
            Array.Resize(ref _weight, room);
        }

        _candidates[_count] = candidate;
        _evidence[_count] = 0;
        _weight[_count] = 0;
        _count++;
    }

    /// <summary>The index of a candidate, or -1.</summary>
    public int IndexOf(Node candidate) => Array.IndexOf(_candidates, candidate, 0, _count);

    /// <summary>Keeps the candidates with this evidence or more; nobody may hold the block.</summary>
    public void KeepFrom(double least)
    {
        var kept = 0;
        for (var index = 0; index < _count; index++)
        {
            if (_evidence[index] >= least)
            {
                _candidates[kept] = _candidates[index];
                _evidence[kept] = _evidence[index];
                kept++;
            }
        }

        _count = kept;
    }

    public void ClearWeight()
    {
        Weight.Clear();
        WeightOfNone = 0;
    }
}

/// <summary>A value of a block and where it stands.</summary>
internal readonly record struct BlockValue(int Statement, int Place, ulong Hash);

/// <summary>The blocks of a batch, to be used again for the next.</summary>
internal sealed class BlockPool
{
    private readonly List<Block> _blocks = [];
    private int _used;

    public Block New(long startNs, Block? before)
    {
        if (_used == _blocks.Count)
        {
            _blocks.Add(new Block());
        }

        var block = _blocks[_used++];
        block.Begin(startNs, before);
        return block;
    }

    /// <summary>Whoever has a block of this pool has it no longer.</summary>
    public void TakeAllBack() => _used = 0;
}
