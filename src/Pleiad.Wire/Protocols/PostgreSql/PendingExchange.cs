namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>An exchange from its first message to the server's ReadyForQuery, and what its messages told.</summary>
internal sealed class PendingExchange
{
    private const int ExecutedMax = 256;

    // What was executed, in order; null for statements whose text is known.
    private readonly List<UnseenStatement?> _executed = [];
    private int _answered;
    private int _columns;
    private int _rows;
    private int _width;
    private bool _isOne;

    public Exchange Exchange { get; private set; } = null!;

    /// <summary>Whether the client asked for the answer's end: a Sync, or a simple query.</summary>
    public bool IsSynced { get; set; }

    public bool IsExtended { get; set; }

    public int Statement { get; set; }

    public bool CopiesIn { get; set; }

    /// <summary>Whether it only asks whether the connection is alive, by a statement prepared before the capture.</summary>
    public bool IsValidation => _executed is [{ IsValidation: true }];

    private UnseenStatement? Next => _answered < _executed.Count ? _executed[_answered] : null;

    /// <summary>Makes it as new.</summary>
    public void Begin(Exchange exchange)
    {
        Exchange = exchange;
        IsSynced = IsExtended = CopiesIn = false;
        Statement = 0;
        _executed.Clear();
        NextAnswer();
        _answered = 0;
    }

    public void Executes(UnseenStatement? statement)
    {
        if (_executed.Count < ExecutedMax)
        {
            _executed.Add(statement);
        }
    }

    public void Row(int columns, int width, bool isOne)
    {
        (_columns, _width) = (columns, width);
        _isOne = isOne && _rows == 0;
        _rows++;
    }

    /// <summary>What was executed next has ended, with the server's tag.</summary>
    public void Answered(ReadOnlySpan<byte> tag)
    {
        Next?.Answered(tag, _columns, _width, _isOne);
        NextAnswer();
    }

    /// <summary>What was executed next was empty, or goes on with another message.</summary>
    public void AnsweredWithoutTag(bool isEmpty)
    {
        if (isEmpty)
        {
            Next?.WasEmpty();
        }

        NextAnswer();
    }

    /// <summary>The number of all that was executed, together.</summary>
    public int NumberOf(StatementTable statements)
    {
        foreach (var unseen in _executed)
        {
            Statement = unseen is null ? Statement : statements.Of(Statement, unseen.Number(statements));
        }

        return Statement;
    }

    private void NextAnswer()
    {
        _answered++;
        _columns = -1;
        _width = 0;
        _rows = 0;
        _isOne = false;
    }
}
