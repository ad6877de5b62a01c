namespace Pleiad.Wire.Association;

/// <summary>
/// Gives blocks of calls to requests. The model's likelihood of all at once is sampled by Gibbs steps and exchanges of two blocks (Geman and Geman 1984; Metropolis–Hastings),
/// and learned by stochastic expectation–maximization (Celeux and Diebolt 1985): learn from a sample, sample again. A block's posterior is the mean of its conditional
/// probabilities over the samples. Chance is seeded: the same traffic gives the same answer.
/// </summary>
internal sealed partial class LinkSolver(LinkModel model, ContextChooser contexts)
{
    // A proxy's delays before and after its one call come from the same waiting; an application has its own work there, and where delays are independent less than 1 loses links.
    private const double DelayTrustOfProxies = 0.5;
    private const double DelayTrustOfDatabases = 0.85;

    private const int BootstrapRounds = 8;
    private const int BootstrapRoundsOfValues = 3;
    private const int LearningRounds = 8;
    private const int SweepsPerRound = 3;

    // Requests that the model is first learned from; afterwards it is followed with one of so many, and what it knew weighs half after so many.
    private const int LearnedRequests = 1500;
    private const int FollowedStep = 6;
    private const double HalfLifeRequests = 3000;
    private const int ContextRound = 3;
    private const int Chains = 4;
    private const int SweepsBefore = 8;
    private const int SweepsCounted = 10;

    // A candidate this much less likely by values alone is left out: e^-11 is below one in fifty thousand.
    private const double EvidenceRange = 11;

    // A block that the first chains are this sure of is not sampled again. One alone would take for certain what it only had no way to leave.
    private const double SureShare = 0.9995;
    private const int ChainsUntilSure = 2;
    private const double MarginSeconds = 1;

    // Calls that are moved together are few: each one more is half as likely.
    private const int RunMax = 8;

    private readonly List<(Block Block, int Target, int Origin)> _moved = [];
    private readonly List<Block> _run = [];
    private readonly List<(Node Request, double Gain)> _runTargets = [];
    private bool _hasCounted;
    private ulong _state = 0x9E3779B97F4A7C15;

    /// <summary>Gives every block its candidates' posteriors.</summary>
    /// <param name="requests">Requests of the calling tier, classified and with their values.</param>
    /// <param name="blocks">Blocks of calls with their candidates.</param>
    public void Solve(IReadOnlyList<Node> requests, IReadOnlyList<Block> blocks)
    {
        if (requests.Count == 0)
        {
            return;
        }

        SetBackground(blocks);
        if (!_hasCounted)
        {
            model.Values.CountRequests(requests);
        }

        // It is learned as if they were independent, as less than that finds other ends.
        model.DelayTrust = blocks is [{ First.Exchange.Conversation.IsDatabase: true }, ..] ? DelayTrustOfDatabases : DelayTrustOfProxies;
        var open = OpenOf(blocks);
        SetContexts(requests);
        var ambiguous = Weigh(open, prunes: true);
        Begin(requests, blocks);

        for (var chain = 0; chain < Chains && ambiguous.Count > 0; chain++)
        {
            // From different begins, as one chain can stay near where it began.
            Scatter(ambiguous, chain);
            Sweep(ambiguous, SweepsBefore, counts: false);
            Sweep(ambiguous, SweepsCounted, counts: true);
            if (chain == ChainsUntilSure - 1)
            {
                ambiguous = ambiguous.FindAll(static block => !IsSure(block));
            }
        }

        foreach (var block in open)
        {
            if (block.CandidateCount == 1)
            {
                Step(block, counts: true, moves: false);
            }
        }

        // What changes slowly is followed with a part of each batch.
        LearnFrom(requests, Math.Pow(0.5, requests.Count / HalfLifeRequests), FollowedStep);
    }

    /// <summary>
    /// Learns the model from the first requests, round by round. Where it ends depends on where it begins, so that more than one begin is tried and the likelier end taken.
    /// </summary>
    /// <param name="all">Requests.</param>
    /// <param name="allBlocks">Blocks.</param>
    /// <param name="byRates">Whether blocks are first given to classes that make such calls more often, or to whoever began last.</param>
    /// <returns>Logarithm of the likelihood of the last sample.</returns>
    public double Learn(IReadOnlyList<Node> all, IReadOnlyList<Block> allBlocks, bool byRates)
    {
        if (all.Count == 0)
        {
            return double.NegativeInfinity;
        }

        SetBackground(allBlocks);
        model.Values.CountRequests(all);
        _hasCounted = true;
        IReadOnlyList<Node> requests = all.Count > LearnedRequests ? [.. all.Take(LearnedRequests)] : all;
        var lastNs = requests[^1].StartNs;
        IReadOnlyList<Block> blocks = requests == all ? allBlocks : [.. allBlocks.TakeWhile(block => block.StartNs < lastNs)];
        var open = OpenOf(blocks);
        var rates = Bootstrap(requests, open, byRates);
        SetContexts(requests);
        Weigh(open, prunes: false);
        if (byRates)
        {
            open.ForEach(block => AddRates(block, rates));
        }

        Begin(requests, blocks);
        for (var round = 0; round < LearningRounds; round++)
        {
            LearnFrom(requests, 0, 1);
            if (round == ContextRound)
            {
                contexts.Choose(requests);
                SetContexts(requests);
                LearnFrom(requests, 0, 1);
            }

            Sweep(Weigh(open, prunes: false), SweepsPerRound, counts: false);
        }

        LearnFrom(requests, 0, 1);
        Weigh(open, prunes: false);
        return requests.Sum(Likelihood) + open.Sum(block => block.Current >= 0 ? block.Evidence[block.Current] : model.LogBackground);
    }

    private static List<Block> OpenOf(IReadOnlyList<Block> blocks)
    {
        var open = new List<Block>(blocks.Count);
        foreach (var block in blocks)
        {
            if (!block.IsKnown && block.CandidateCount > 0)
            {
                open.Add(block);
            }
        }

        return open;
    }

    /// <summary>Before anything is known: every candidate weighs the same, then as its values and its class say.</summary>
    private CallRates Bootstrap(IReadOnlyList<Node> requests, List<Block> open, bool byRates)
    {
        var rates = new CallRates(requests);
        model.Values.Find(open);
        for (var round = 0; round < (byRates ? BootstrapRounds : BootstrapRoundsOfValues); round++)
        {
            model.Fade(0);
            foreach (var block in open)
            {
                var evidence = block.Evidence;
                evidence.Clear();
                if (round > 0)
                {
                    model.Values.Evidence(block);
                    if (byRates)
                    {
                        AddRates(block, rates);
                    }
                }

                var most = Max(evidence);
                var total = 0.0;
                foreach (var each in evidence)
                {
                    total += Math.Exp(each - most);
                }

                for (var index = 0; index < evidence.Length; index++)
                {
                    var weight = Math.Exp(evidence[index] - most) / total;
                    if (weight > 0.001)
                    {
                        rates.Add(block.Candidates[index].Class, KindOf(block), weight);
                        model.Values.Add(block, block.Candidates[index], weight);
                        model.LearnRoughly(block.Candidates[index], block, weight);
                    }
                }
            }

            rates.Update();
            model.Update();
        }

        return rates;
    }

    private void AddRates(Block block, CallRates rates)
    {
        var statement = KindOf(block);
        for (var index = 0; index < block.CandidateCount; index++)
        {
            block.Evidence[index] += rates.Log(block.Candidates[index].Class, statement);
        }
    }

    private int KindOf(Block block) => model.Kinds.GetValueOrDefault(block.FirstStatement, block.FirstStatement);

    private void SetContexts(IEnumerable<Node> requests)
    {
        foreach (var request in requests)
        {
            request.Context = contexts.Of(request);
        }
    }

    /// <summary>Background is what lies in no request at all; it is as frequent inside requests as outside.</summary>
    private void SetBackground(IReadOnlyList<Block> blocks)
    {
        if (blocks.Count == 0)
        {
            return;
        }

        var seconds = (blocks.Max(block => block.EndNs) - blocks.Min(block => block.StartNs)) / 1e9;
        var alone = blocks.Count(block => block.CandidateCount == 0);
        model.LogBackground = Math.Log((alone + 0.1) / (seconds + MarginSeconds));
    }

    /// <summary>Weighs each block's candidates by its values; returns the blocks with more than one.</summary>
    private List<Block> Weigh(List<Block> open, bool prunes)
    {
        var ambiguous = new List<Block>();
        foreach (var block in open)
        {
            model.Values.Evidence(block);
            if (block.Calls.Count > 1)
            {
                for (var index = 0; index < block.CandidateCount; index++)
                {
                    block.Evidence[index] += model.Inside(block.Candidates[index], block);
                }
            }

            if (prunes)
            {
                Prune(block);
            }

            if (block.CandidateCount > 1)
            {
                ambiguous.Add(block);
            }
        }

        return ambiguous;
    }

    /// <summary>Leaves out candidates that cannot be; who holds the block is open then (<see cref="Begin"/>).</summary>
    private static void Prune(Block block)
    {
        if (block.CandidateCount > 1)
        {
            block.KeepFrom(Max(block.Evidence) - EvidenceRange);
        }

        block.ClearWeight();
    }

    private static void Begin(IReadOnlyList<Node> requests, IReadOnlyList<Block> blocks)
    {
        foreach (var request in requests)
        {
            request.Blocks.Clear();
        }

        foreach (var block in blocks)
        {
            if (block.CandidateCount == 0)
            {
                continue;
            }

            var best = 0;
            for (var index = 1; index < block.CandidateCount; index++)
            {
                best = Score(block, index) > Score(block, best) ? index : best;
            }

            Place(block, best);
        }

        // Of what is equally likely the one that began last: most calls come soon.
        static double Score(Block block, int index) =>
            block.Evidence[index] - (block.Candidates[index].Blocks.Count * 2) - ((block.StartNs - block.Candidates[index].StartNs) / 1e12);
    }

    private static bool IsSure(Block block)
    {
        var (most, total) = (0.0, block.WeightOfNone);
        foreach (var weight in block.Weight)
        {
            most = Math.Max(most, weight);
            total += weight;
        }

        return most >= SureShare * total;
    }

    private static double Max(ReadOnlySpan<double> values)
    {
        var most = double.NegativeInfinity;
        foreach (var value in values)
        {
            most = Math.Max(most, value);
        }

        return most;
    }

    /// <summary>Draws all anew in order of time, each by what came before it.</summary>
    private void Scatter(List<Block> ambiguous, int chain)
    {
        if (chain == 0)
        {
            return;
        }

        foreach (var block in ambiguous)
        {
            Take(block);
        }

        foreach (var block in ambiguous)
        {
            Step(block, counts: false, moves: true);
        }
    }

    private void LearnFrom(IReadOnlyList<Node> requests, double keep, int step)
    {
        model.Fade(keep);
        for (var index = 0; index < requests.Count; index += step)
        {
            model.Learn(requests[index]);
        }

        model.Update();
    }
}
