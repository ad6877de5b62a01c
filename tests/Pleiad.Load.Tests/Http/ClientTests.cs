using System.IO.Compression;
using System.Text;
using Pleiad.Load.Recording;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Tests.Kit;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Http;

public sealed class ClientTests
{
    private const string Once = "load: { users: 1, duration: 60s, pause: { deterministic: 1h } }";

    [Theory]
    [InlineData(HttpEngine.Auto)]
    [InlineData(HttpEngine.System)]
    public async Task A_session_keeps_cookies_values_and_its_connection_and_follows_redirects(HttpEngine engine)
    {
        await using var server = new KnownServer(seen => seen.Target switch
        {
            "/login" => new Answer("<input name=\"t\" value=\"a&1\">", Headers: "Set-Cookie: sid=7; Path=/; HttpOnly\r\nSet-Cookie: gone=1; Max-Age=0\r\nX-Token: tok en\r\n"),
            "/enter" => new Answer(Status: 303, Headers: "Location: /home?x=1\r\nSet-Cookie: seen=1\r\n"),
            _ => new Answer("""{"items":[{"id":42}]}"""),
        });
        var scenario = Kit.Load.Read($$"""
            name: walk
            pages:
              login: { url: /login, extract: { t: { regex: 'value="([^"]+)"' }, h: { header: x-token } } }
              enter: { url: /enter, form: { token: "${t}", again: "x y" }, extract: { id: { json: "$.items[0].id" } } }
              item: { url: "/item/${id}?h=${h}", headers: { X-T: "${t}" } }
            transitions: { login: { enter: 1 }, enter: { item: 1 } }
            {{Once}}
            """);
        var record = await EndsAsync(3, scenario, Kit.Load.Options(server) with { Engine = engine });

        record.Series.Total().Failed.ShouldBe(0, string.Join(" ", server.Requests));
        var requests = server.Requests.ToList();
        requests.Select(seen => $"{seen.Method} {seen.Target}").ShouldBe(["GET /login", "POST /enter", "GET /home?x=1", "GET /item/42?h=tok%20en"]);
        requests[1].Body.ShouldBe("token=a%261&again=x%20y");
        requests[1].Headers["Content-Type"].ShouldBe("application/x-www-form-urlencoded");
        requests[1].Headers["Cookie"].ShouldBe("sid=7");
        requests[2].Headers["Cookie"].ShouldBe("sid=7; seen=1");
        requests[3].Headers["X-T"].ShouldBe("a&1");
        requests.Select(seen => seen.Connection).Distinct().ShouldHaveSingleItem();
        record.Series.Total().Requests.ShouldBe(3);
    }

    [Fact]
    public async Task Answers_in_chunks_compressed_or_ended_by_the_connection_are_whole()
    {
        var plain = Encoding.UTF8.GetBytes("the key=abc; " + new string('x', 100_000));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        await using var server = new KnownServer(seen => seen.Target switch
        {
            "/chunks" => new Answer(Raw: [.. "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"u8, .. "8;x=1\r\nthe key=\r\n4\r\nabc;\r\n0\r\nTrailer: 1\r\n\r\n"u8]),
            "/gzip" => new Answer(Raw: [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n"), .. packed.ToArray()]),
            "/close" => new Answer(Raw: [.. "HTTP/1.0 200 OK\r\n\r\n"u8, .. plain], Closes: true),
            _ => new Answer(Raw: [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {plain.Length}\r\n\r\n"), .. plain]),
        });
        var pages = new[] { "chunks", "gzip", "long", "close" };
        var scenario = Kit.Load.Read($"name: bodies\ncompression: true\npages:\n{string.Concat(pages.Select(page => $"  {page}: {{ url: /{page}, extract: {{ k: {{ regex: 'key=([^;]+);' }} }}, checks: {{ contains: the, notContains: never }} }}\n"))}transitions: {{ chunks: {{ gzip: 1 }}, gzip: {{ long: 1 }}, long: {{ close: 1 }} }}\n{Once}");
        var record = await EndsAsync(4, scenario, Kit.Load.Options(server));

        record.Series.Total().Pages.Select(page => string.Join(",", page?.ByFailure ?? [])).ShouldAllBe(counts => counts.StartsWith("1,0,0,0,0,0"));
        server.Requests.First().Headers["Accept-Encoding"].ShouldBe("gzip, br");
    }

    [Fact]
    public async Task A_kept_connection_that_the_server_closed_is_opened_again_without_an_error()
    {
        // The second request of each connection is not answered.
        var counts = new System.Collections.Concurrent.ConcurrentDictionary<int, int>();
        await using var server = new KnownServer(seen => new Answer("x", Breaks: counts.AddOrUpdate(seen.Connection, 1, (_, count) => count + 1) == 2));
        var record = await EndsAsync(3, Kit.Load.Read($"name: again\npages: {{ a: {{ url: /a }}, b: {{ url: /b }}, c: {{ url: /c, method: POST, body: x }} }}\ntransitions: {{ a: {{ b: 1 }}, b: {{ c: 1 }} }}\n{Once}"), Kit.Load.Options(server));

        // GET is sent once more; POST may have been done already and is not.
        var total = record.Series.Total();
        total.Pages[1]!.ByFailure[0].ShouldBe(1);
        total.Pages[2]!.ByFailure[(int)RequestFailure.Broken].ShouldBe(1);
        server.Connections.ShouldBe(2);
    }

    [Theory]
    [InlineData("{ status: 200 }", "extract: { x: { regex: 'no(t)there' } }", RequestFailure.Extraction)]
    [InlineData("{ status: 404 }", "", RequestFailure.Status)]
    [InlineData("{ contains: absent }", "", RequestFailure.Check)]
    [InlineData("{ matches: '^ab+$' }", "", RequestFailure.Check)]
    public async Task Each_failure_is_counted_as_what_it_is_and_the_user_leaves(string checks, string extract, RequestFailure failure)
    {
        await using var server = new KnownServer();
        var record = await EndsAsync(1, Kit.Load.Read($"name: f\npages:\n  a: {{ url: /a, checks: {checks}{(extract.Length == 0 ? "" : ", " + extract)} }}\n  b: {{ url: /b }}\ntransitions: {{ a: {{ b: 1 }} }}\n{Once}"), Kit.Load.Options(server));

        record.Series.Total().Pages[0]!.ByFailure[(int)failure].ShouldBe(1);
        record.Series.Total().Pages[1].ShouldBeNull();
    }

    [Fact]
    public async Task Nobody_listening_and_garbage_are_failures_of_their_own_kind()
    {
        await using var server = new KnownServer(_ => new Answer(Raw: "SSH-2.0-no\r\n\r\n"u8.ToArray()));
        var scenario = Kit.Load.Read($"name: f\npages: {{ a: {{ url: /a }} }}\ntransitions: {{ a: {{}} }}\n{Once}");
        (await EndsAsync(1, scenario, Kit.Load.Options(server))).Series.Total().Pages[0]!.ByFailure[(int)RequestFailure.Protocol].ShouldBe(1);

        var gone = Kit.Load.Options(server);
        await server.DisposeAsync();
        (await EndsAsync(1, scenario, gone)).Series.Total().Pages[0]!.ByFailure[(int)RequestFailure.Connect].ShouldBe(1);
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    [InlineData("unknown")]
    public async Task Damaged_compression_fails_its_page_and_not_the_run(string coding)
    {
        byte[] damaged = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 40\r\n\r\n"), .. Enumerable.Repeat((byte)0xff, 40)];
        await using var server = new KnownServer(seen => seen.Target == "/a" ? new Answer(Raw: damaged) : new Answer("fine"));
        var record = await EndsAsync(2, Kit.Load.Read($"name: f\npages:\n  a: {{ url: /a, checks: {{ contains: x }} }}\n  b: {{ url: /b, checks: {{ contains: fine }} }}\ntransitions: {{ a: {{ b: 1 }} }}\nonError: continue\n{Once}"), Kit.Load.Options(server));

        record.Series.Total().Pages[0]!.ByFailure[(int)RequestFailure.Protocol].ShouldBe(1);
        record.Series.Total().Pages[1]!.ByFailure[0].ShouldBe(1);
    }

    [Theory]
    [InlineData("X-A: 1", "{ header: X-A }", "{ header: X-B }", RequestFailure.Extraction)]
    [InlineData("X-A: 1\r\nX-A: 2", "{ header: X-A }", "{ header: X-B }", RequestFailure.Extraction)]
    [InlineData("X-A: 1", "{ header: X-A, optional: true }", "{ header: X-B }", RequestFailure.Extraction)]
    [InlineData("X-B: 1", "{ header: X-A, optional: true }", "{ header: X-B }", RequestFailure.None)]
    public async Task Every_header_that_is_to_be_extracted_has_to_be_there(string headers, string first, string second, RequestFailure expected)
    {
        await using var server = new KnownServer(_ => new Answer("x", Headers: headers + "\r\n"));
        var record = await EndsAsync(1, Kit.Load.Read($"name: f\npages: {{ a: {{ url: /a, extract: {{ x: {first}, y: {second} }} }} }}\ntransitions: {{ a: {{}} }}\n{Once}"), Kit.Load.Options(server));

        record.Series.Total().Pages[0]!.ByFailure[(int)expected].ShouldBe(1);
    }

    [Theory]
    [InlineData(HttpEngine.Auto)]
    [InlineData(HttpEngine.System)]
    public async Task Targets_are_sent_as_browsers_send_them(HttpEngine engine)
    {
        await using var server = new KnownServer();
        var record = await EndsAsync(2, Kit.Load.Read($"name: t\nvalues: {{ q: 'grün & blau#1' }}\npages: {{ a: {{ url: '/größe?q=${{q}}&r=${{q:raw}}' }}, b: {{ url: '/b?x=1#part' }} }}\ntransitions: {{ a: {{ b: 1 }} }}\n{Once}"), Kit.Load.Options(server) with { Engine = engine });

        record.Series.Total().Failed.ShouldBe(0);
        server.Requests.Select(seen => seen.Target).ShouldBe(["/gr%C3%B6%C3%9Fe?q=gr%C3%BCn%20%26%20blau%231&r=gr%C3%BCn%20&%20blau", "/b?x=1"]);
    }

    [Fact]
    public async Task A_connection_that_broke_makes_room_for_those_who_wait_and_the_books_agree()
    {
        var first = 0;
        await using var server = new KnownServer(_ => new Answer("x", Breaks: Interlocked.Increment(ref first) == 1, Delay: TimeSpan.FromMilliseconds(50)));
        var record = await EndsAsync(6, Kit.Load.Read("name: w\npages: { a: { url: /a, method: POST, body: x } }\ntransitions: { a: {} }\nload: { users: 6, duration: 60s, connections: shared, pause: { deterministic: 1h } }"), Kit.Load.Options(server) with { ConnectionsMax = 1 });

        var page = record.Series.Total().Pages[0]!;
        page.ByFailure[(int)RequestFailure.Broken].ShouldBe(1);
        page.ByFailure[0].ShouldBe(5);
        record.Series.Total().Waited.ShouldBe(5);
        var (inFlight, product) = Pleiad.Load.Trust.Conclusions.LittlesLaw(record);
        inFlight.ShouldBe(product, 0.02 * product);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: Upgrade, close\r\nContent-Length: 2\r\n\r\nok", false)]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Upgrade\r\nContent-Length: 2\r\n\r\nok", true)]
    [InlineData("HTTP/1.0 200 OK\r\nConnection: Upgrade, keep-alive\r\nContent-Length: 2\r\n\r\nok", true)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false)]
    [InlineData("HTTP/1.1 200\nContent-Length: 2\n\nok", true)]
    [InlineData("HTTP/1.1 200\nTransfer-Encoding: chunked\n\n2\r\nok\r\n0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", null)]
    public void Heads_as_servers_write_them_say_whether_the_connection_stays(string answer, bool? stays)
    {
        var reader = new Pleiad.Load.Http.AnswerReader();
        reader.Reset();
        var whole = reader.Read(Encoding.ASCII.GetBytes(answer), isHead: false, keepsBody: true, new Headers(), out _, out var body);

        whole.ShouldBe(stays is null ? null : true);
        if (stays is not null)
        {
            Encoding.ASCII.GetString(body).ShouldBe("ok");
            reader.KeepsConnection.ShouldBe(stays.Value);
        }
    }

    [Fact]
    public void An_answer_cut_anywhere_reads_the_same()
    {
        var bytes = "HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"u8.ToArray();
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            var reader = new Pleiad.Load.Http.AnswerReader();
            reader.Reset();
            var sink = new Headers();
            reader.Read(bytes.AsSpan(0, cut), isHead: false, keepsBody: true, sink, out var used, out _).ShouldBe(false, $"cut at {cut}");
            reader.Read(bytes.AsSpan(used), isHead: false, keepsBody: true, sink, out _, out var body).ShouldBe(true, $"cut at {cut}");
            Encoding.ASCII.GetString(body).ShouldBe("hello world");
            sink.Count.ShouldBe(1);
        }
    }

    /// <summary>One session, ended when it made its requests.</summary>
    private static Task<RunRecord> EndsAsync(int requests, Scenario scenario, LoadOptions options) => Kit.Load.RecordAsync(scenario, options, run => _ = Task.Run(async () =>
    {
        await Eventually.BecomesTrueAsync(() => run.Progress.Requests >= requests, TimeSpan.FromSeconds(60), () => run.Progress.ToString());
        run.Stop();
    }));

    private sealed class Headers : Pleiad.Load.Http.IHeaderSink
    {
        public int Count { get; private set; }

        public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Count++;
    }
}
