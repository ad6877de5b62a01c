namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>An exchange from its first message to the server's ReadyForQuery, and what its messages told.</summary>
internal sealed class PendingExchange
{
    public Exchange Exchange { get; private set; } = null!;

    /// <summary>Whether the client asked for the answer's end: a Sync, or a simple query.</summary>
    public bool IsSynced { get; set; }

    public bool IsExtended { get; set; }

    public int Statement { get; set; }

    /// <summary>Executed statements whose text was sent before the capture began, so that only the answer's shape can tell them apart.</summary>
    public string? UnknownName { get; set; }

    public int Parameters { get; set; }

    public int Columns { get; set; } = -1;

    public bool WasEmpty { get; set; }

    public bool CopiesIn { get; set; }

    public string? Verb { get; set; }

    /// <summary>Makes it as new.</summary>
    public void Begin(Exchange exchange)
    {
        Exchange = exchange;
        IsSynced = IsExtended = WasEmpty = CopiesIn = false;
        Statement = Parameters = 0;
        UnknownName = Verb = null;
        Columns = -1;
    }
}
