using Pleiad.Load.Tests.Kit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Runs;

public sealed class EndOfRunTests
{
    [Fact]
    public async Task Whoever_is_due_before_the_end_begins_even_if_it_is_the_last_nanosecond()
    {
        await using var server = new KnownServer();
        var scenario = Kit.Load.Read("""
            name: last
            pages: { a: { url: /a } }
            load: { arrivals: { trace: { times: [100ms, 499.9999ms], period: 9s } }, duration: 500ms }
            """);

        var record = await Kit.Load.RecordAsync(scenario, Kit.Load.Options(server));

        record.Missed.ShouldBe(0);
        record.Transitions.Where(each => each.From == "entry").Sum(each => each.Count).ShouldBe(2);
    }
}
