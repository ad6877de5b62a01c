using System.Runtime.InteropServices;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Association;

/// <summary>What a pool's validations say of when a request holds a connection.</summary>
internal enum HoldMarks
{
    /// <summary>Nothing: each call, or transaction, stands alone.</summary>
    None,

    /// <summary>A validation comes first: what follows up to the next one is one request's.</summary>
    Borrow,

    /// <summary>A validation comes last.</summary>
    Return,
}

/// <summary>Puts the calls of a tier into blocks that one request alone can have made.</summary>
internal sealed class BlockBuilder(BlockPool pool)
{
    // A pool validates at every borrow or at none; below this share of calls the validations are of another kind.
    private const double ValidationShareMin = 0.02;
    private const double FittingShareMin = 0.9;
    private const int JudgedMin = 20;

    /// <summary>Builds blocks.</summary>
    /// <param name="calls">Calls of one tier, by start.</param>
    /// <param name="marks">What validations mean here.</param>
    public List<Block> Build(ReadOnlySpan<Node> calls, HoldMarks marks)
    {
        var blocks = new List<Block>();
        var connections = new Dictionary<int, (Block Last, bool IsMarked, bool IsClosed)>();
        foreach (var call in calls)
        {
            var exchange = call.Exchange;
            var isValidation = exchange.Kind == ExchangeKind.Validation;
            if (exchange.Kind is not (ExchangeKind.Request or ExchangeKind.Validation) || (isValidation && marks == HoldMarks.None))
            {
                continue;
            }

            ref var held = ref CollectionsMarshal.GetValueRefOrAddDefault(connections, exchange.Conversation.Connection, out var has);
            var joins = has && !held.IsClosed
                && (exchange.InTransaction || call.StartNs < held.Last.EndNs || (marks == HoldMarks.Borrow ? held.IsMarked && !isValidation : marks == HoldMarks.Return));
            if (joins)
            {
                Add(held.Last, call);
            }
            else
            {
                var block = New(call, has ? held.Last : null);
                blocks.Add(block);
                held = (block, isValidation, false);
            }

            held.IsClosed = marks == HoldMarks.Return && isValidation;
        }

        blocks.RemoveAll(block => block.FirstStatement == 0 && block.Calls.TrueForAll(call => call.Exchange.Kind == ExchangeKind.Validation));
        return blocks;
    }

    /// <summary>One block for each call.</summary>
    public Block Alone(Node call) => New(call, null);

    /// <summary>Finds what validations mean from how well the blocks that they make fit into requests.</summary>
    /// <param name="calls">Calls of one tier, by start.</param>
    /// <param name="fits">Whether a block lies inside some request.</param>
    public HoldMarks Judge(ReadOnlySpan<Node> calls, Func<Block, bool> fits)
    {
        var validations = 0;
        foreach (var call in calls)
        {
            validations += call.Exchange.Kind == ExchangeKind.Validation ? 1 : 0;
        }

        if (validations < Math.Max(2, calls.Length * ValidationShareMin))
        {
            return HoldMarks.None;
        }

        var borrow = Fitting(Build(calls, HoldMarks.Borrow), fits);
        var giveBack = Fitting(Build(calls, HoldMarks.Return), fits);
        if (Math.Max(borrow.Share, giveBack.Share) < FittingShareMin)
        {
            return HoldMarks.None;
        }

        // Where both fit, as with little traffic, the shorter blocks are those that somebody meant.
        return giveBack.Share > borrow.Share + 0.02 || (Math.Abs(giveBack.Share - borrow.Share) <= 0.02 && giveBack.MeanNs < borrow.MeanNs) ? HoldMarks.Return : HoldMarks.Borrow;
    }

    private static (double Share, double MeanNs) Fitting(List<Block> blocks, Func<Block, bool> fits)
    {
        var judged = blocks.Where(block => block.Calls.Count > 1).ToList();
        return judged.Count == 0 ? (0, 0)
            : (judged.Count(fits) / (double)Math.Max(judged.Count, Math.Min(JudgedMin, blocks.Count)), judged.Average(block => (double)(block.EndNs - block.StartNs)));
    }

    private Block New(Node call, Block? before)
    {
        var block = pool.New(call.StartNs, before);
        Add(block, call);
        return block;
    }

    private static void Add(Block block, Node call)
    {
        block.Calls.Add(call);
        block.EndNs = Math.Max(block.EndNs, call.EndNs);
        if (call.Exchange.Kind == ExchangeKind.Validation)
        {
            return;
        }

        var statement = call.Exchange.Statement == 0 ? 1 : call.Exchange.Statement;
        block.FirstStatement = block.FirstStatement == 0 ? statement : block.FirstStatement;
        block.LastStatement = statement;
        foreach (var value in call.Exchange.Values)
        {
            if (!Has(block, value.Hash))
            {
                block.Values.Add(new BlockValue(call.Exchange.Statement, value.Place, value.Hash));
            }
        }
    }

    private static bool Has(Block block, ulong hash)
    {
        foreach (var known in block.Values)
        {
            if (known.Hash == hash)
            {
                return true;
            }
        }

        return false;
    }
}
