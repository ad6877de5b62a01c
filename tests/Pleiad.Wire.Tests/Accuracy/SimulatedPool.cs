using System.Globalization;
using Pleiad.Wire.Association;
using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire.Tests.Accuracy;

/// <summary>
/// Exchanges of a made-up application whose requests wait for the connections of a small pool, which nobody validates: clients without think time, four pages, one of them
/// with a value in its URI that its statements have too. The simulation knows whose call each is.
/// </summary>
internal sealed class SimulatedPool(int clients, int connections, int requests, int values = 20_000) : IRequestSink
{
    private const double NsPerMs = 1e6;

    private readonly Random _chance = new(4);
    private readonly Dictionary<(string Client, long StartNs), int> _truth = [];
    private readonly Dictionary<(int Connection, long StartNs), int> _owner = [];
    private readonly int[] _calls = new int[requests];
    private readonly List<(int Request, List<int> Owners)> _settled = [];
    private double _posteriors;

    /// <summary>Mean of the posteriors of the requests that were settled: the share right that is promised.</summary>
    public double MeanPosterior => _posteriors / Math.Max(1, _settled.Count);

    /// <summary>Requests with just their own calls, with others, and left open.</summary>
    public Score Score()
    {
        var assembler = new RequestAssembler(this, new AssemblerOptions(), scheme: null);
        var open = new Dictionary<Draft, Exchange>();
        var events = Drafts().SelectMany(draft => new[] { (TimeNs: draft.StartNs, IsEnd: false, Draft: draft), (TimeNs: draft.EndNs, IsEnd: true, Draft: draft) });
        foreach (var (_, isEnd, draft) in events.OrderBy(each => each.TimeNs))
        {
            if (isEnd)
            {
                Fill(open[draft], draft);
                assembler.Completed(open[draft]);
            }
            else
            {
                assembler.Opened(open[draft] = assembler.New(draft.Conversation, draft.StartNs));
            }
        }

        assembler.End();
        var right = _settled.Count(each => each.Owners.Count == _calls[each.Request] && each.Owners.TrueForAll(owner => owner == each.Request));
        return new Score(right, _settled.Count - right, requests - _settled.Count);
    }

    private static void Fill(Exchange exchange, Draft draft)
    {
        (exchange.Method, exchange.Uri, exchange.Statement, exchange.Status) = (draft.Method, draft.Uri, draft.Statement, 200);
        exchange.RequestEndNs = draft.StartNs;
        exchange.AnswerStartNs = exchange.EndNs = draft.EndNs;
        if (draft.Value is { } value)
        {
            exchange.Values.Add(new CallValue(0, ValueHash.OfNumber(value)));
        }
    }

    void IRequestSink.Begin(TierMap map, RequestClasses classes)
    {
    }

    void IRequestSink.Exchange(Node node)
    {
    }

    void IRequestSink.Unattributed(Node call)
    {
    }

    void IRequestSink.Request(Node request)
    {
        if (request.CallsPosterior >= 0.9)
        {
            _posteriors += request.CallsPosterior;
            var number = _truth[($"{request.Exchange.Conversation.Client}", request.StartNs)];
            _settled.Add((number, [.. request.Calls.Select(call => _owner[(call.Exchange.Conversation.Connection, call.StartNs)])]));
        }
    }

    private IEnumerable<Draft> Drafts()
    {
        var (client, app, database) = (NetAddress.V4(0x0a000001), NetAddress.V4(0x0a000002), NetAddress.V4(0x0a000003));
        var fronts = Enumerable.Range(0, clients).Select(at => new ConversationInfo(at, "http", new Endpoint(client, 40_000 + at), new Endpoint(app, 80))).ToList();
        var backs = Enumerable.Range(0, connections).Select(at => new ConversationInfo(clients + at, "postgresql", new Endpoint(app, 50_000 + at), new Endpoint(database, 5432))).ToList();
        var freeAt = new long[connections];
        var arrivals = new PriorityQueue<int, long>(Enumerable.Range(0, clients).Select(at => (at, 1_000_000_000L + (at * 10_000L))));
        for (var number = 0; number < requests; number++)
        {
            arrivals.TryDequeue(out var who, out var startNs);
            var value = _chance.Next(values);
            var (uri, statements) = Page(value);
            // First come, first served: requests ask for a connection in the order of their begins.
            var at = Array.IndexOf(freeAt, freeAt.Min());
            var now = Math.Max(startNs + Delay(0.2), freeAt[at] + Delay(0.03));
            foreach (var (statement, ms) in statements)
            {
                var endNs = now + Delay(ms);
                _owner[(backs[at].Connection, now)] = number;
                _calls[number]++;
                yield return new Draft(backs[at], now, endNs, "EXECUTE", "", statement, statement is 11 or 12 ? value : null);
                now = endNs + Delay(0.08);
            }

            freeAt[at] = now;
            var end = now + Delay(0.05);
            _truth[($"{fronts[who].Client}", startNs)] = number;
            yield return new Draft(fronts[who], startNs, end, "GET", uri, 0, null);
            arrivals.Enqueue(who, end + Delay(0.1));
        }
    }

    private (string Uri, (int Statement, double Ms)[] Statements) Page(int value) => _chance.Next(10) switch
    {
        < 3 => ("/home", [(9, 0.2), (10, 0.1)]),
        < 6 => (string.Create(CultureInfo.InvariantCulture, $"/item?id={value}"), [(11, 0.2), (12, 0.3)]),
        < 8 => ("/search", [(13, 1.5)]),
        _ => ("/cart", [(14, 0.2), (15, 0.3), (16, 0.3)]),
    };

    /// <summary>A delay around a mean, of the kind that programs show: half of it is certain.</summary>
    private long Delay(double ms) => (long)(NsPerMs * ms * (0.5 - (0.5 * Math.Log(1 - _chance.NextDouble()))));

    private sealed record Draft(ConversationInfo Conversation, long StartNs, long EndNs, string Method, string Uri, int Statement, int? Value);
}
