namespace Pleiad.Wire.Association;

/// <summary>
/// How one tier calls another, as learned from the traffic: when the first call comes, how long from call to call, how long from the last to the answer, which statements follow
/// which, whether calls overlap or stay on one connection, which values come back.
/// </summary>
internal sealed class LinkModel
{
    private readonly DelayDensity _start = new();
    private readonly DelayDensity _tail = new();
    private readonly DelayDensity _tailOfEarly = new();
    private readonly DelayDensity _empty = new();
    private readonly TransitionModel _transitions;
    private readonly StepModel _steps;
    private Share _early = new(1, 100);

    public LinkModel(Dictionary<int, int> kinds)
    {
        Kinds = kinds;
        _transitions = new TransitionModel(kinds);
        _steps = new StepModel(kinds);
        Values = new ValueModel(kinds);
    }

    /// <summary>Of statements that are known by kind only for certain: their kind.</summary>
    public Dictionary<int, int> Kinds { get; }

    /// <summary>
    /// How much a request's first and last delay count as two witnesses: 1 when they are independent, less where both are long or short together, as in a machine that has no
    /// processor for a while. It multiplies the logarithms of their densities.
    /// </summary>
    public double DelayTrust { get; set; } = 1;

    public ValueModel Values { get; }

    /// <summary>Logarithm of the rate, per second, of blocks that no request caused.</summary>
    public double LogBackground { get; set; }

    /// <summary>Logarithm of the likelihood that in a request one block follows another; null stands for the request's begin and its end.</summary>
    public double Between(Node request, Block? from, Block? to)
    {
        var statements = _transitions.Log(request.Context, from?.LastStatement ?? TransitionModel.Outside, to?.FirstStatement ?? TransitionModel.Outside);
        if (from is null)
        {
            return statements + (to is null ? _empty.Log(request.Class, AnswerOf(request) - request.StartNs) : (DelayTrust * _start.Log(request.Class, to.StartNs - request.StartNs)));
        }

        if (to is null)
        {
            var delay = AnswerOf(request) - from.EndNs;
            return statements + (delay >= 0 ? _early.LogNot + (DelayTrust * _tail.Log(request.Class, delay)) : _early.Log + _tailOfEarly.Log(request.Class, request.EndNs - from.EndNs));
        }

        return statements + _steps.Log(from, to);
    }

    /// <summary>The statements inside a block, in a request's context.</summary>
    public double Inside(Node request, Block block)
    {
        var sum = 0.0;
        var from = 0;
        foreach (var call in block.Calls)
        {
            if (call.Exchange.Kind == Protocols.ExchangeKind.Validation)
            {
                continue;
            }

            var statement = call.Exchange.Statement == 0 ? 1 : call.Exchange.Statement;
            sum += from == 0 ? 0 : _transitions.Log(request.Context, from, statement);
            from = statement;
        }

        return sum;
    }

    /// <summary>Learns from a request with the blocks it has in the present sample.</summary>
    public void Learn(Node request)
    {
        Block? from = null;
        foreach (var block in request.Blocks)
        {
            LearnBetween(request, from, block);
            var statement = 0;
            foreach (var call in block.Calls.Where(call => call.Exchange.Kind != Protocols.ExchangeKind.Validation))
            {
                var next = call.Exchange.Statement == 0 ? 1 : call.Exchange.Statement;
                if (statement != 0)
                {
                    _transitions.Add(request.Context, statement, next);
                }

                statement = next;
            }

            Values.Add(block, request, 1);
            from = block;
        }

        LearnBetween(request, from, null);
    }

    /// <summary>Learns delays from a block that may be a request's, with some weight.</summary>
    public void LearnRoughly(Node request, Block block, double weight)
    {
        _start.Add(request.Class, block.StartNs - request.StartNs, weight);
        var delay = AnswerOf(request) - block.EndNs;
        if (delay >= 0)
        {
            _tail.Add(request.Class, delay, weight);
        }
    }

    public void Fade(double keep)
    {
        foreach (var density in Densities)
        {
            density.Fade(keep);
        }

        _transitions.Fade(keep);
        Values.Fade(keep);
        _steps.Fade(keep);
        _early.Fade(keep);
    }

    public void Update()
    {
        foreach (var density in Densities)
        {
            density.Update();
        }

        _transitions.Update();
        _steps.Update();
        _early.Update();
        Values.Update();
    }

    private DelayDensity[] Densities => [_start, _tail, _tailOfEarly, _empty];

    private static long AnswerOf(Node request) => request.Exchange.AnswerStartNs > 0 ? request.Exchange.AnswerStartNs : request.EndNs;

    private void LearnBetween(Node request, Block? from, Block? to)
    {
        _transitions.Add(request.Context, from?.LastStatement ?? TransitionModel.Outside, to?.FirstStatement ?? TransitionModel.Outside);
        if (from is null)
        {
            (to is null ? _empty : _start).Add(request.Class, (to?.StartNs ?? AnswerOf(request)) - request.StartNs, 1);
        }
        else if (to is null)
        {
            var delay = AnswerOf(request) - from.EndNs;
            _early.Count(delay < 0);
            (delay >= 0 ? _tail : _tailOfEarly).Add(request.Class, delay >= 0 ? delay : request.EndNs - from.EndNs, 1);
        }
        else
        {
            _steps.Add(from, to);
        }
    }
}
