namespace Pleiad.Wire.Association;

/// <content>The steps that sample who made which calls.</content>
internal sealed partial class LinkSolver
{
    private void Sweep(List<Block> ambiguous, int sweeps, bool counts)
    {
        for (var sweep = 0; sweep < sweeps; sweep++)
        {
            foreach (var block in ambiguous)
            {
                Step(block, counts, moves: true);
                StepRun(block);
                Exchange(block);
                ExchangeRest(block);
            }
        }
    }

    /// <summary>Draws the block's holder anew, all else as it is.</summary>
    private void Step(Block block, bool counts, bool moves)
    {
        var current = block.Current;
        Take(block);
        Span<double> gain = block.CandidateCount <= 64 ? stackalloc double[block.CandidateCount] : new double[block.CandidateCount];
        var most = model.LogBackground;
        for (var index = 0; index < gain.Length; index++)
        {
            gain[index] = block.Evidence[index] + Gain(block.Candidates[index], block);
            most = Math.Max(most, gain[index]);
        }

        var none = Math.Exp(model.LogBackground - most);
        var total = none;
        for (var index = 0; index < gain.Length; index++)
        {
            gain[index] = Math.Exp(gain[index] - most);
            total += gain[index];
        }

        if (counts)
        {
            for (var index = 0; index < gain.Length; index++)
            {
                block.Weight[index] += gain[index] / total;
            }

            block.WeightOfNone += none / total;
        }

        if (!moves)
        {
            Place(block, current);
            return;
        }

        var drawn = Uniform() * total;
        for (var index = 0; index < gain.Length; index++)
        {
            drawn -= gain[index];
            if (drawn < 0)
            {
                Place(block, index);
                return;
            }
        }

        Place(block, Block.NoCandidate);
    }

    /// <summary>
    /// Draws anew who holds a block and the next ones on its connection together, when one request holds them all: a request that keeps a connection for some calls is otherwise left
    /// only by way of states that are hardly likely. Which blocks go together is drawn without regard to their holder, so the step keeps the distribution.
    /// </summary>
    private void StepRun(Block block)
    {
        if (block.Holder is not { } from)
        {
            return;
        }

        _run.Clear();
        _run.Add(block);
        do
        {
            if (_run[^1].After is not { IsKnown: false } next || next.Holder != from)
            {
                return;
            }

            _run.Add(next);
        }
        while (_run.Count < RunMax && Uniform() < 0.5);

        _runTargets.Clear();
        var current = 0;
        for (var index = 0; index < block.CandidateCount; index++)
        {
            var candidate = block.Candidates[index];
            if (_run.TrueForAll(each => each.IndexOf(candidate) >= 0))
            {
                current = candidate == from ? _runTargets.Count : current;
                _runTargets.Add((candidate, 0));
            }
        }

        if (_runTargets.Count < 2)
        {
            return;
        }

        TakeRun();
        var most = double.NegativeInfinity;
        for (var index = 0; index < _runTargets.Count; index++)
        {
            var gain = GainOfRun(_runTargets[index].Request);
            _runTargets[index] = (_runTargets[index].Request, gain);
            most = Math.Max(most, gain);
        }

        var total = 0.0;
        foreach (var (_, gain) in _runTargets)
        {
            total += Math.Exp(gain - most);
        }

        var drawn = Uniform() * total;
        var chosen = current;
        for (var index = 0; index < _runTargets.Count; index++)
        {
            drawn -= Math.Exp(_runTargets[index].Gain - most);
            if (drawn < 0)
            {
                chosen = index;
                break;
            }
        }

        PlaceRun(_runTargets[chosen].Request);
    }

    private double GainOfRun(Node request)
    {
        var gain = -Likelihood(request);
        PlaceRun(request);
        gain += Likelihood(request);
        foreach (var block in _run)
        {
            gain += block.Evidence[block.Current];
        }

        TakeRun();
        return gain;
    }

    private void PlaceRun(Node request)
    {
        foreach (var block in _run)
        {
            Place(block, block.IndexOf(request));
        }
    }

    private void TakeRun()
    {
        foreach (var block in _run)
        {
            Take(block);
        }
    }

    /// <summary>Tries to let two requests exchange two blocks, which single steps hardly reach.</summary>
    private void Exchange(Block block)
    {
        if (block.Holder is not { } from)
        {
            return;
        }

        var target = (int)(Uniform() * block.CandidateCount);
        var to = block.Candidates[target];
        if (to == from || to.Blocks.Count == 0)
        {
            return;
        }

        var other = to.Blocks[(int)(Uniform() * to.Blocks.Count)];
        var back = other.IndexOf(from);
        if (back < 0 || other.IsKnown)
        {
            return;
        }

        var (place, otherPlace) = (block.Current, other.Current);
        var before = Likelihood(from) + Likelihood(to) + block.Evidence[place] + other.Evidence[otherPlace];
        Take(block);
        Take(other);
        Place(block, target);
        Place(other, back);
        var after = Likelihood(from) + Likelihood(to) + block.Evidence[target] + other.Evidence[back];
        if (Math.Log(Uniform() + 1e-300) < after - before)
        {
            return;
        }

        Take(block);
        Take(other);
        Place(block, place);
        Place(other, otherPlace);
    }

    /// <summary>Tries to let two requests exchange all that they do from some moment on: where calls stand alone, single steps would have to break every chain to get there.</summary>
    private void ExchangeRest(Block block)
    {
        if (block.Holder is not { } from || block.Candidates[(int)(Uniform() * block.CandidateCount)] is var to && to == from)
        {
            return;
        }

        _moved.Clear();
        if (!Gather(from, to, block.StartNs) || !Gather(to, from, block.StartNs) || _moved.Count == 1)
        {
            return;
        }

        var before = Likelihood(from) + Likelihood(to);
        foreach (var (moved, target, origin) in _moved)
        {
            before += moved.Evidence[origin] - moved.Evidence[target];
            Take(moved);
        }

        foreach (var (moved, target, _) in _moved)
        {
            Place(moved, target);
        }

        if (Math.Log(Uniform() + 1e-300) < Likelihood(from) + Likelihood(to) - before)
        {
            return;
        }

        foreach (var (moved, _, _) in _moved)
        {
            Take(moved);
        }

        foreach (var (moved, _, origin) in _moved)
        {
            Place(moved, origin);
        }
    }

    /// <summary>Gathers a request's blocks from a moment on; false when one of them cannot be the other request's.</summary>
    private bool Gather(Node from, Node to, long sinceNs)
    {
        foreach (var block in from.Blocks)
        {
            if (block.StartNs < sinceNs)
            {
                continue;
            }

            var target = block.IndexOf(to);
            if (target < 0 || block.IsKnown)
            {
                return false;
            }

            _moved.Add((block, target, block.Current));
        }

        return true;
    }

    private double Likelihood(Node request)
    {
        var sum = 0.0;
        Block? from = null;
        foreach (var block in request.Blocks)
        {
            sum += model.Between(request, from, block);
            from = block;
        }

        return sum + model.Between(request, from, null);
    }

    /// <summary>What a request's likelihood gains by having the block too.</summary>
    private double Gain(Node request, Block block)
    {
        Block? before = null;
        Block? after = null;
        foreach (var other in request.Blocks)
        {
            if (other.StartNs > block.StartNs)
            {
                after = other;
                break;
            }

            before = other;
        }

        return model.Between(request, before, block) + model.Between(request, block, after) - model.Between(request, before, after);
    }

    private static void Take(Block block)
    {
        block.Holder?.Blocks.Remove(block);
        block.Current = Block.NoCandidate;
    }

    private static void Place(Block block, int candidate)
    {
        block.Current = candidate;
        if (block.Holder is { } request)
        {
            var at = request.Blocks.Count;
            while (at > 0 && request.Blocks[at - 1].StartNs > block.StartNs)
            {
                at--;
            }

            request.Blocks.Insert(at, block);
        }
    }

    // xorshift64*: a fixed seed, and quick.
    private double Uniform()
    {
        _state ^= _state >> 12;
        _state ^= _state << 25;
        _state ^= _state >> 27;
        return (_state * 0x2545F4914F6CDD1D >> 11) * (1.0 / (1UL << 53));
    }
}
