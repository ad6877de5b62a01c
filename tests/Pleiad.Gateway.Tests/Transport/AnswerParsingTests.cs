using System.Text;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Transport;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Transport;

/// <summary>What machines may answer, whole and byte by byte, and what is refused.</summary>
public sealed class AnswerParsingTests(ITestOutputHelper output)
{
    public static TheoryData<string, string, string, string> Good => new()
    {
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200", "hello" },
        { "GET", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "200", "hello" },
        { "GET", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "200", "" },
        { "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "200", "hello" },
        { "GET", "HTTP/1.0 200 OK\r\nX: y\r\n\r\nuntil the end", "200", "until the end" },
        { "GET", "HTTP/1.1 200 OK\r\n\r\nuntil the end", "200", "until the end" },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=\"y\"\r\n world\r\n0\r\n\r\n", "200", "hello world" },
        { "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX-Sum: 9\r\n\r\n", "200", "0123456789" },
        { "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "200", "" },
        { "GET", "HTTP/1.1 204 No Content\r\n\r\n", "204", "" },
        { "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n", "304", "" },
        { "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200", "ok" },
        { "GET", "HTTP/1.1 599 Own\r\nContent-Length: 2\r\n\r\nok", "599", "ok" },
    };

    public static TheoryData<string> Malformed =>
    [
        "garbage",
        "\0\u0001\u0002",
        "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nNoColon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSpace : x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntoolong\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: " + new string('x', 70_000) + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + new string('x', 70_000) + "\r\n",
        "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X: y\r\n", 300)) + "\r\n",
    ];

    public static TheoryData<string> CutShort =>
    [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ];

    [Theory]
    [MemberData(nameof(Good))]
    public async Task Answers_are_understood_whole_and_byte_by_byte(string method, string text, string status, string body)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 7 })
        {
            var (answer, read) = await ExchangeAsync(method, Encoding.Latin1.GetBytes(text), () => piece);
            ((int)answer.StatusCode).ToString().ShouldBe(status);
            read.ShouldBe(body);
        }
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task What_is_no_http_is_refused(string text) =>
        (await Should.ThrowAsync<MachineException>(ExchangeAsync("GET", Encoding.Latin1.GetBytes(text), () => 1000))).Fault.ShouldBe(MachineFault.Malformed);

    [Theory]
    [MemberData(nameof(CutShort))]
    public async Task What_ends_too_early_is_no_answer(string text) =>
        (await Should.ThrowAsync<MachineException>(ExchangeAsync("GET", Encoding.Latin1.GetBytes(text), () => 3))).Fault.ShouldBe(MachineFault.Closed);

    [Fact]
    public async Task Headers_and_trailers_keep_their_bytes_and_those_for_this_connection_only_stay_behind()
    {
        const string Text = "HTTP/1.1 200 Fine\r\nX-A: \u00E9\u00FF\r\nX-A: two\r\nContent-Type: text/x\r\nConnection: close, X-Private\r\nX-Private: 1\r\n"
            + "Keep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 9\r\n\r\n";
        var (answer, _) = await ExchangeAsync("GET", Encoding.Latin1.GetBytes(Text), () => 1000);
        answer.ReasonPhrase.ShouldBe("Fine");
        answer.Headers.NonValidated["X-A"].ShouldBe(["\u00E9\u00FF", "two"]);
        answer.Content.Headers.NonValidated["Content-Type"].ToString().ShouldBe("text/x");
        answer.Headers.NonValidated.Select(header => header.Key).ShouldBe(["X-A"]);
        answer.TrailingHeaders.NonValidated["X-Sum"].ToString().ShouldBe("9");
    }

    [Fact]
    public async Task Any_damage_to_an_answer_ends_as_an_answer_or_as_a_machines_failure()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var originals = Good.Select(row => Encoding.Latin1.GetBytes(row.Data.Item2)).ToArray();
        var (answered, refused) = (0, 0);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])originals[random.Next(originals.Length)].Clone();
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                var at = random.Next(bytes.Length);
                bytes = random.Next(3) switch
                {
                    0 => [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]],
                    1 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length - 1, at + 1)..]],
                    _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << random.Next(8))), .. bytes[(at + 1)..]],
                };
            }

            try
            {
                await ExchangeAsync(random.Next(4) == 0 ? "HEAD" : "GET", bytes, () => random.Next(1, 40));
                answered++;
            }
            catch (MachineException)
            {
                refused++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"seed {seed}, round {round}: {Convert.ToBase64String(bytes)}", error);
            }
        }

        answered.ShouldBeGreaterThan(1_000);
        refused.ShouldBeGreaterThan(1_000);
    }

    private static async Task<(HttpResponseMessage Answer, string Body)> ExchangeAsync(string method, byte[] answer, Func<int> pieceBytes)
    {
        using var transport = new MachineTransport(new ScriptedConnector(answer, pieceBytes));
        using var lease = new TestLease(new MachineId("m-test"), default(MachineAddress) with { Ip = System.Net.IPAddress.Loopback, Port = 80 }, 0);
        using var limit = new CancellationTokenSource(Waiting.Limit);
        var response = await transport.For(lease).SendAsync(new HttpRequestMessage(new HttpMethod(method), "http://m/"), limit.Token);
        using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return (response, await reader.ReadToEndAsync(limit.Token));
    }

    private sealed class ScriptedConnector(byte[] answer, Func<int> pieceBytes) : IMachineConnector
    {
        public ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation) => new(new ScriptedStream(answer, pieceBytes));
    }
}
