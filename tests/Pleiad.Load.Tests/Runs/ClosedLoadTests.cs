using Pleiad.Load.Tests.Kit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Runs;

public sealed class ClosedLoadTests
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
}
