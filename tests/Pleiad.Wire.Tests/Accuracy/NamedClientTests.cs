using Pleiad.Wire.Association;
using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Accuracy;

/// <summary>A proxy before an application, eight clients that ask for the same page at the same time and are answered in no order: only what the proxy says of its client, or the answers, tell them apart.</summary>
public sealed class NamedClientTests
{
    private const int Rounds = 100;
    private const int Clients = 8;
    private const int StrangerPort = 9;

    [Fact]
    public void Nothing_else_tells_them_apart()
    {
        var (right, wrong) = Links(_ => null);

        right.ShouldBeLessThan(Rounds * Clients / 4);
        wrong.ShouldBeLessThan(Rounds * Clients / 20);
    }

    [Fact]
    public void The_address_of_the_proxy_s_client_tells_whose_call_it_is() => Links(client => client with { Port = 0 }).ShouldBe((Rounds * Clients, 0));

    [Fact]
    public void Address_and_port_do_so_for_clients_of_one_host() => Links(client => client, areOneHost: true).ShouldBe((Rounds * Clients, 0));

    [Fact]
    public void Clients_behind_a_proxy_that_the_next_one_trusts_are_told_apart() => Links(client => new Endpoint(NetAddress.V4(0xc0000200 + (uint)client.Port), 0), areOneHost: true, before: true).ShouldBe((Rounds * Clients, 0));

    [Fact]
    public void A_client_that_is_not_there_is_taken_for_no_word_at_all()
    {
        var (right, wrong) = Links(_ => new Endpoint(NetAddress.V4(0x01020304), StrangerPort));

        (right, wrong).ShouldBe(Links(_ => null));
    }

    [Fact]
    public void Answers_of_other_lengths_tell_them_apart() => Links(_ => null, answer: (exchange, who, _) => exchange.AnswerBytes = 1000 + who).ShouldBe((Rounds * Clients, 0));

    [Fact]
    public void A_value_of_the_uri_tells_them_apart_even_where_all_its_values_are_always_there() => Links(_ => null, uri: who => $"/page?kind={who}").ShouldBe((Rounds * Clients, 0));

    [Fact]
    public void Answers_that_the_proxy_makes_anew_say_nothing()
    {
        var (right, wrong) = Links(_ => null, answer: (exchange, who, isFront) => exchange.AnswerBytes = isFront ? 500 : 1000 + who);

        right.ShouldBeLessThan(Rounds * Clients / 4);
        wrong.ShouldBeLessThan(Rounds * Clients / 20);
    }

    /// <summary>Links that are given, right and wrong, when the proxy says this of its clients.</summary>
    private static (int Right, int Wrong) Links(Func<Endpoint, Endpoint?> says, bool areOneHost = false, bool before = false, Action<Exchange, int, bool>? answer = null, Func<int, string>? uri = null)
    {
        var settled = new Settled();
        var assembler = new RequestAssembler(settled, new AssemblerOptions(), scheme: null);
        var chance = new Random(7);
        var (proxy, server) = (new Endpoint(NetAddress.V4(0x0a000002), 80), new Endpoint(NetAddress.V4(0x0a000003), 8080));
        var clients = Enumerable.Range(0, Clients).Select(at => new Endpoint(NetAddress.V4(0x0a000100 + (areOneHost ? 0 : (uint)at)), 40_000 + at)).ToList();
        var fronts = clients.ConvertAll(client => new ConversationInfo(client.Port, "http", client, proxy));
        var backs = Enumerable.Range(0, Clients).Select(at => new ConversationInfo(50_000 + at, "http", proxy with { Port = 50_000 + at }, server)).ToList();
        for (var round = 0; round < Rounds; round++)
        {
            var startNs = (round + 1) * 100_000_000L;
            var requests = Enumerable.Range(0, Clients).Select(at => Open(fronts[at], startNs + at, before ? says(clients[at]) : null, at)).ToList();
            var order = Enumerable.Range(0, Clients).ToArray();
            chance.Shuffle(order);
            var calls = order.Select((who, at) => (Who: who, Call: Open(backs[at], startNs + 1000 + at, says(clients[who]), who))).ToList();
            foreach (var (who, call) in calls)
            {
                settled.Owner[(call.Conversation.Connection, call.StartNs)] = clients[who];
            }

            foreach (var (who, call) in calls)
            {
                answer?.Invoke(call, who, false);
                answer?.Invoke(requests[who], who, true);
                Close(call, startNs + 10_000_000 + who);
            }

            requests.ForEach(request => Close(request, startNs + 20_000_000));
        }

        assembler.End();
        return (settled.Right, settled.Wrong);

        Exchange Open(ConversationInfo conversation, long startNs, Endpoint? named, int who)
        {
            var exchange = assembler.New(conversation, startNs);
            (exchange.Method, exchange.Uri, exchange.FrontClient) = ("GET", uri?.Invoke(who) ?? "/page", named);
            assembler.Opened(exchange);
            return exchange;
        }

        void Close(Exchange exchange, long endNs)
        {
            exchange.Status = 200;
            exchange.AnswerStartNs = exchange.EndNs = endNs;
            assembler.Completed(exchange);
        }
    }

    private sealed class Settled : IRequestSink
    {
        public Dictionary<(int Connection, long StartNs), Endpoint> Owner { get; } = [];

        public int Right { get; private set; }

        public int Wrong { get; private set; }

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
            foreach (var call in request.Calls)
            {
                var isRight = Owner[(call.Exchange.Conversation.Connection, call.StartNs)] == request.Exchange.Conversation.Client;
                Right += isRight ? 1 : 0;
                Wrong += isRight ? 0 : 1;
            }
        }
    }
}
