using Pleiad.Load.Tests.Kit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Runs;

public sealed class EdgesOfRunsTests
{
    private const int Starts = 10;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>The generator looks 50 ms ahead for users who are to come; one for whom it is time already must not wait for the next look. A busy host delays some starts, hardly all.</summary>
    [Fact]
    public async Task Users_who_are_there_from_the_beginning_begin_at_once()
    {
        await using var server = new KnownServer();
        var scenario = Kit.Load.Read("name: once\npages: { a: { url: /a } }\ntransitions: { a: {} }\nload: { users: 1, duration: 200ms, pause: { deterministic: 1h } }");
        var latest = TimeSpan.MaxValue;
        for (var start = 0; start < Starts && latest >= Tick; start++)
        {
            var lag = (await Kit.Load.RecordAsync(scenario, Kit.Load.Options(server))).Series.Total().Lag;
            lag.Count.ShouldBeGreaterThan(0);
            latest = TimeSpan.FromMicroseconds(lag.Max / 1e3);
        }

        latest.ShouldBeLessThan(Tick);
    }

    /// <summary>The generator wakes some microseconds after the moment for which it waited; when the end lies between, that is no session it could not begin.</summary>
    [Theory]
    [InlineData("load: { arrivals: { trace: { times: [0.1999999s], period: 1s } }, duration: 200ms }", 1)]
    [InlineData("load: { users: 1, duration: 200ms, pause: { deterministic: 1h } }\nentry: a\nthinkFrom: start\nthink: { deterministic: 0.1999999s }", 2)]
    public async Task What_is_due_just_before_the_end_is_done(string load, int requests)
    {
        await using var server = new KnownServer();
        var record = await Kit.Load.RecordAsync(Kit.Load.Read($"name: last\npages: {{ a: {{ url: /a }}, b: {{ url: /b }} }}\ntransitions: {{ a: {{ b: {(requests == 2 ? 1 : 0)} }} }}\n{load}"), Kit.Load.Options(server));

        record.Missed.ShouldBe(0);
        record.Series.Total().Requests.ShouldBe(requests);
    }
}
