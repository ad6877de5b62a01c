namespace Pleiad.Wire.Protocols;

/// <summary>Exchanges to use again. All of a batch live until it is settled, and then none does: for a collector by generations that is the dearest way to live.</summary>
internal sealed class ExchangePool
{
    private const int KeptMax = 100_000;

    private readonly Stack<Exchange> _free = new();

    public Exchange Rent(ConversationInfo conversation, long startNs)
    {
        if (!_free.TryPop(out var exchange))
        {
            return new Exchange(conversation, startNs);
        }

        exchange.IsFree = false;
        exchange.Begin(conversation, startNs);
        return exchange;
    }

    public void Return(Exchange exchange)
    {
        if (exchange.IsFree)
        {
            throw new InvalidOperationException("an exchange was given back twice");
        }

        exchange.IsFree = true;
        if (_free.Count < KeptMax)
        {
            _free.Push(exchange);
        }
    }
}
