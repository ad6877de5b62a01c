namespace Pleiad.Wire.Protocols;

/// <summary>The exchanges under way, oldest first: what began before the oldest of them is known whole.</summary>
internal sealed class OpenExchanges
{
    private Exchange? _oldest;
    private Exchange? _newest;

    public int Count { get; private set; }

    /// <summary>When the oldest began, or null when none is under way.</summary>
    public long? OldestNs => _oldest?.StartNs;

    public void Add(Exchange exchange)
    {
        exchange.IsOpen = true;
        exchange.Older = _newest;
        if (_newest is not null)
        {
            _newest.Newer = exchange;
        }

        _newest = exchange;
        _oldest ??= exchange;
        Count++;
    }

    public void Remove(Exchange exchange)
    {
        if (!exchange.IsOpen)
        {
            return;
        }

        exchange.IsOpen = false;
        if (exchange.Older is { } older)
        {
            older.Newer = exchange.Newer;
        }
        else
        {
            _oldest = exchange.Newer;
        }

        if (exchange.Newer is { } newer)
        {
            newer.Older = exchange.Older;
        }
        else
        {
            _newest = exchange.Older;
        }

        exchange.Older = exchange.Newer = null;
        Count--;
    }

    /// <summary>Forgets the oldest; what waits for it would wait too long.</summary>
    public void RemoveOldest()
    {
        if (_oldest is not null)
        {
            Remove(_oldest);
        }
    }
}
