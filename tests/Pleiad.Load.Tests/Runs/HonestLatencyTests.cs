using System.Diagnostics;
using System.Globalization;
using Pleiad.Load.Recording;
using Pleiad.Load.Tests.Kit;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Runs;

/// <summary>Against a server that writes down its own times on the same clock.</summary>
public sealed class HonestLatencyTests
{
    [Fact]
    public async Task Each_time_holds_the_servers_own_and_begins_at_the_intended_start()
    {
        var delays = new[] { 5, 20, 60 };
        await using var server = new KnownServer(seen => new Answer("x", Delay: TimeSpan.FromMilliseconds(delays[seen.Target[1] - 'a'])));
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("requests.csv"), RequestIdHeader = "X-Request-Id" };
        var record = await Kit.Load.RecordAsync(
            Kit.Load.Read("""
                name: three
                pages: { a: { url: /a }, b: { url: /b }, c: { url: /c } }
                transitions: { a: { b: { think: 10ms } }, b: { c: { think: 10ms } }, c: {} }
                load: { rate: 100, duration: 2s }
                """), options);

        var served = server.Requests.ToDictionary(seen => seen.Headers["X-Request-Id"]);
        var lines = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => line.Split(',')).ToList();
        lines.Count.ShouldBe((int)record.Series.Total().Requests);
        lines.Count.ShouldBe(served.Count);
        lines.Count.ShouldBeInRange(300, 900);
        var previousEnds = new Dictionary<string, double>();
        foreach (var line in lines)
        {
            var seen = served[line[14]];
            var (intended, start, end) = (double.Parse(line[0], CultureInfo.InvariantCulture), double.Parse(line[1], CultureInfo.InvariantCulture), double.Parse(line[2], CultureInfo.InvariantCulture));
            var (latency, service) = (double.Parse(line[11 + 1], CultureInfo.InvariantCulture) / 1e6, double.Parse(line[13], CultureInfo.InvariantCulture) / 1e6);

            // The server's stay lies inside the request, the request's actual start is never before the intended one, and both times agree with their ends.
            start.ShouldBeGreaterThanOrEqualTo(intended);
            service.ShouldBeGreaterThanOrEqualTo((seen.Answered - seen.Arrived) / 1e9);
            latency.ShouldBe(end - intended, 3e-6);
            service.ShouldBe(end - start, 3e-6);
            if (line[5] != "0")
            {
                // A dependent step is meant to begin a think time after the answer before it, however late that was.
                intended.ShouldBeGreaterThanOrEqualTo(previousEnds[line[3]] - 2e-6);
            }

            previousEnds[line[3]] = end;
        }
    }

    /// <summary>
    /// A stall of 1 s at a known moment: the users who arrive in it wait for its rest. A generator that waits for answers before it asks again would see one long answer per connection
    /// and hide the others.
    /// </summary>
    [Fact]
    public async Task A_stall_of_the_server_shows_as_it_would_to_users()
    {
        const double Rate = 200;
        await using var server = new KnownServer();
        using var directory = new TempDirectory("load");
        var options = Kit.Load.Options(server) with { RequestLogFile = directory.File("requests.csv"), RequestIdHeader = "Id" };
        var scenario = Kit.Load.Read("name: one\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { rate: 200, duration: 6s, connections: shared }");
        (long Begin, long End) stall = default;
        var record = await Kit.Load.RecordAsync(scenario, options, run => _ = Task.Run(async () =>
        {
            await Eventually.BecomesTrueAsync(() => run.Progress.Seconds > 1, TimeSpan.FromSeconds(30), () => "not begun");
            var begin = Stopwatch.GetTimestamp();
            server.Stall();
            await Task.Delay(1000);
            var end = Stopwatch.GetTimestamp();
            server.GoOn();
            stall = (begin, end);
        }));

        stall.End.ShouldBeGreaterThan(0, "the run ended before the stall did");
        var length = (stall.End - stall.Begin) / 1e9;
        var requests = record.Series.Total().Requests;
        var late = server.Requests.Where(seen => seen.Arrived > stall.Begin && seen.Arrived < stall.End).ToDictionary(seen => seen.Headers["Id"]);
        var rows = File.ReadLines(options.RequestLogFile).Skip(1).Select(line => line.Split(',')).ToList();
        rows.Count.ShouldBe((int)requests);

        // Users went on to come during the stall at the rate asked for: the interval of a Poisson count, false alarm below 1e-6. By the times at which they were
        // meant to, for a busy host may bring those of before the stall to the server in it. The log counts from the run's start, the server from the host's:
        // the quickest request tells the difference.
        var arrived = server.Requests.ToDictionary(seen => seen.Headers["Id"], seen => seen.Arrived / 1e9);
        var origin = rows.Min(row => arrived[row[14]] - double.Parse(row[1], CultureInfo.InvariantCulture));
        var due = rows.Count(row => origin + double.Parse(row[0], CultureInfo.InvariantCulture) is var intended && intended > stall.Begin / 1e9 && intended < stall.End / 1e9);
        var (low, high) = Statistics.PoissonInterval(Rate * length);
        ((double)due).ShouldBeInRange(low, high);
        foreach (var row in rows.Where(row => late.ContainsKey(row[14])))
        {
            var waited = (stall.End - late[row[14]].Arrived) / 1e9;
            (double.Parse(row[12], CultureInfo.InvariantCulture) / 1e6).ShouldBeGreaterThanOrEqualTo(waited);
        }

        // Half of those who came in it waited more than half of it: so says the histogram too, within its own resolution.
        var above = late.Values.Count(seen => (stall.End - seen.Arrived) / 1e9 > length / 2);
        var counted = (1 - record.Series.Total().Pages[0]!.FromIntended.ShareUpTo(length / 2 * 1e9 * (1 - Histogram.RelativeError))) * requests;
        counted.ShouldBeGreaterThanOrEqualTo(above - 1e-6);
        above.ShouldBeGreaterThan(late.Count / 4);
    }

    [Fact]
    public async Task A_pace_counts_from_the_start_so_that_a_late_answer_makes_the_next_request_late()
    {
        await using var server = new KnownServer(seen => new Answer("x", Delay: TimeSpan.FromMilliseconds(seen.Target == "/a" ? 100 : 0)));
        var record = await Kit.Load.RecordAsync(
            Kit.Load.Read("""
                name: pace
                pages: { a: { url: /a }, b: { url: /b } }
                thinkFrom: start
                transitions: { a: { b: { think: { deterministic: 10ms } } }, b: {} }
                load: { rate: 50, duration: 1s }
                """), Kit.Load.Options(server));

        var page = record.Series.Total().Pages[1]!;
        page.FromIntended.Count.ShouldBeGreaterThan(0); // Some 45; on a host that is busy with other things most may come after the run.
        (page.FromIntended.Min / 1e6).ShouldBeGreaterThanOrEqualTo(80);
        (page.FromIntended.Sum - page.FromStart.Sum).ShouldBeGreaterThan(80e6 * page.FromIntended.Count);
    }

    [Fact]
    public async Task A_request_without_an_answer_counts_as_a_timeout_with_its_time()
    {
        await using var server = new KnownServer(_ => new Answer("x", Delay: TimeSpan.FromSeconds(3)));
        var record = await Kit.Load.RecordAsync(
            Kit.Load.Read("name: slow\npages: { page: { url: /, timeout: 100ms } }\ntransitions: { page: {} }\nload: { rate: 40, duration: 500ms }"), Kit.Load.Options(server));

        var page = record.Series.Total().Pages[0]!;
        page.ByFailure[(int)RequestFailure.Timeout].ShouldBe(page.Requests);
        page.Requests.ShouldBeGreaterThan(3);
        (page.FromStart.Min / 1e6).ShouldBeGreaterThanOrEqualTo(100);
    }
}
