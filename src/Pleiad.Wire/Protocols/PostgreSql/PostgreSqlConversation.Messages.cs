using System.Buffers.Binary;
using System.Text;

namespace Pleiad.Wire.Protocols.PostgreSql;

/// <content>What each message means.</content>
internal sealed partial class PostgreSqlConversation
{
    private const int ValuesMax = 32;
    private const int PreparedMax = 4096;
    private const int PatternBytesMax = 2048;

    // Statements by their name's hash: the pattern's number.
    private readonly Dictionary<ulong, int> _statements = [];
    private readonly Dictionary<ulong, UnseenStatement> _unseen = [];
    private readonly Dictionary<ulong, (int Statement, UnseenStatement? Unseen)> _portals = [];
    private readonly StringBuilder _shape = new();
    private readonly List<CallValue> _values = [];

    private void Frontend(char type, ReadOnlySpan<byte> content, long beginNs, long nowNs)
    {
        _awaitsRequest = false;
        switch (type)
        {
            case 'Q':
                SimpleQuery(content, beginNs, nowNs);
                break;
            case 'P':
                Parse(content, Ask(beginNs, nowNs));
                break;
            case 'B':
                Bind(content, Ask(beginNs, nowNs));
                break;
            case 'E':
                Execute(content, Ask(beginNs, nowNs));
                break;
            case 'C':
                CloseNamed(content);
                Ask(beginNs, nowNs).IsExtended = true;
                break;
            case 'D' or 'H':
                Ask(beginNs, nowNs).IsExtended = true;
                break;
            case 'F':
                var call = Ask(beginNs, nowNs);
                call.Exchange.Method = "FUNCTION";
                Sent(call);
                break;
            case 'S':
                Sync(beginNs, nowNs);
                break;
            case 'd' or 'c' or 'f':
                CopyData(nowNs);
                break;
            case 'p':
                if (_waiting.TryPeek(out var session))
                {
                    session.Exchange.RequestEndNs = nowNs;
                }

                break;
            case 'X':
                break;
        }
    }

    private void Backend(char type, ReadOnlySpan<byte> content, long beginNs, long nowNs)
    {
        // Notices, changed parameters and notifications come at any time and belong to nothing.
        if (type is 'N' or 'A' or 'S')
        {
            return;
        }

        // The server can begin to answer before the client's Sync.
        var pending = _waiting.TryPeek(out var first) ? first : _asking;
        if (pending is null || _awaitsRequest)
        {
            Account.AnswersWithoutRequest += type == 'Z' ? 1 : 0;
            _inTransaction = type == 'Z' && content is [(byte)'T' or (byte)'E', ..];
            return;
        }

        if (pending.Exchange.AnswerStartNs == 0)
        {
            pending.Exchange.AnswerStartNs = beginNs;
        }

        switch (type)
        {
            case 'Z':
                Ready(content, nowNs);
                break;
            case 'I' or 's':
                pending.AnsweredWithoutTag(isEmpty: type == 'I');
                break;
            case 'E':
                pending.Exchange.Status = 1;
                pending.Exchange.Error ??= SqlState(content);
                break;
            case 'D' when content.Length >= 2:
                pending.Row(BinaryPrimitives.ReadInt16BigEndian(content), content.Length >= 6 ? BinaryPrimitives.ReadInt32BigEndian(content[2..]) : 0, UnseenStatement.IsOne(content));
                break;
            case 'C':
                pending.Answered(content);
                break;
            case 'G':
                pending.CopiesIn = true;
                break;
        }
    }

    private void SimpleQuery(ReadOnlySpan<byte> content, long beginNs, long nowNs)
    {
        var pending = Ask(beginNs, nowNs);
        pending.Exchange.Method = "QUERY";
        pending.Statement = statements.Of(pending.Statement, Pattern(Text(content)));
        Sent(pending);
    }

    private void Parse(ReadOnlySpan<byte> content, PendingExchange pending)
    {
        pending.IsExtended = true;
        var name = Text(content);
        var statement = Pattern(Text(content[Math.Min(content.Length, name.Length + 1)..]));
        if (_statements.Count < PreparedMax || name.Length == 0)
        {
            _statements[ValueHash.OfBytes(name)] = statement;
            _unseen.Remove(ValueHash.OfBytes(name));
        }
    }

    private void Bind(ReadOnlySpan<byte> content, PendingExchange pending)
    {
        pending.IsExtended = true;
        var portal = Text(content);
        content = content[Math.Min(content.Length, portal.Length + 1)..];
        var name = Text(content);
        content = content[Math.Min(content.Length, name.Length + 1)..];
        var named = ValueHash.OfBytes(name);
        var statement = _statements.GetValueOrDefault(named);
        UnseenStatement? unseen = null;
        var isNew = statement == 0 && !_unseen.TryGetValue(named, out unseen);
        BindValues.Read(content, _values, ValuesMax, isNew ? _shape.Clear() : null);
        if (isNew)
        {
            unseen = new UnseenStatement(Encoding.UTF8.GetString(name), _shape.ToString());
            if (_unseen.Count < PreparedMax)
            {
                _unseen.Add(named, unseen);
            }
        }

        if (_portals.Count < PreparedMax || portal.Length == 0)
        {
            _portals[ValueHash.OfBytes(portal)] = (statement, unseen);
        }
    }

    private void Execute(ReadOnlySpan<byte> content, PendingExchange pending)
    {
        pending.IsExtended = true;
        pending.Exchange.Method = "EXECUTE";
        var (statement, unseen) = _portals.TryGetValue(ValueHash.OfBytes(Text(content)), out var portal) ? portal : (0, new UnseenStatement("", "a portal bound before it"));
        pending.Statement = statements.Of(pending.Statement, statement);
        pending.Executes(unseen);
    }

    private void CloseNamed(ReadOnlySpan<byte> content)
    {
        if (content.Length > 1)
        {
            var hash = ValueHash.OfBytes(Text(content[1..]));
            _ = content[0] == 'S' ? _statements.Remove(hash) | _unseen.Remove(hash) : _portals.Remove(hash);
        }
    }

    private void Sync(long beginNs, long nowNs)
    {
        // A server that is being sent a COPY passes over the Sync that came with the command; the one after the data counts.
        if (_asking is null && _waiting.TryPeek(out var copying) && copying is { CopiesIn: true, IsExtended: true })
        {
            copying.Exchange.RequestEndNs = nowNs;
            return;
        }

        Sent(Ask(beginNs, nowNs));
    }

    private void CopyData(long nowNs)
    {
        if (_waiting.TryPeek(out var pending))
        {
            pending.Exchange.RequestEndNs = nowNs;
        }
    }

    private void Sent(PendingExchange pending)
    {
        pending.IsSynced = true;
        pending.Exchange.Values.AddRange(_values);
        _values.Clear();
        Enqueue(pending);
    }

    private void Ready(ReadOnlySpan<byte> content, long nowNs)
    {
        if (_waiting.TryDequeue(out var pending))
        {
            var isOpen = content is [(byte)'T' or (byte)'E', ..];
            pending.Exchange.InTransaction = _inTransaction;
            pending.Exchange.LeavesTransactionOpen = isOpen;
            _inTransaction = isOpen;
            Complete(pending, nowNs);
        }
    }

    private void Complete(PendingExchange pending, long nowNs)
    {
        var exchange = pending.Exchange;
        exchange.Statement = pending.NumberOf(statements);
        exchange.StatementKind = statements.KindOf(exchange.Statement);
        exchange.EndNs = nowNs;
        var isIdle = !exchange.InTransaction && !exchange.LeavesTransactionOpen;
        if (exchange.Kind == ExchangeKind.Request && isIdle && (pending.IsValidation || (pending.Statement != 0 && statements.IsValidation(pending.Statement))))
        {
            exchange.Kind = ExchangeKind.Validation;
        }

        _spare = pending;
        Account.Exchanges++;
        sink.Completed(exchange);
    }

    private int Pattern(ReadOnlySpan<byte> sql)
    {
        Span<byte> pattern = stackalloc byte[PatternBytesMax];
        return statements.Of(pattern[..StatementPattern.Write(sql, pattern, _values, ValuesMax)]);
    }

    /// <summary>A text up to its zero.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> content) => content.IndexOf((byte)0) is >= 0 and var end ? content[..end] : content;

    private static string? SqlState(ReadOnlySpan<byte> content)
    {
        while (content.Length > 1 && content[0] != 0)
        {
            var text = Text(content[1..]);
            if (content[0] == 'C')
            {
                return Encoding.Latin1.GetString(text[..Math.Min(text.Length, 5)]);
            }

            content = content[Math.Min(content.Length, text.Length + 2)..];
        }

        return null;
    }
}
