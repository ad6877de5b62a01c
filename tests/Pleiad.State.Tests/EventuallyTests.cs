using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests;

public sealed class EventuallyTests
{
    [Fact]
    public async Task A_condition_that_becomes_true_ends_the_wait()
    {
        var looks = 0;
        await Eventually.BecomesTrueAsync(() => ++looks == 3, TimeSpan.FromMinutes(1), () => $"{looks}");
        looks.ShouldBe(3);
    }

    [Fact]
    public async Task A_condition_that_stays_false_fails_with_what_was_seen()
    {
        var error = await Should.ThrowAsync<TimeoutException>(() => Eventually.BecomesTrueAsync(() => false, TimeSpan.Zero, () => "3 of 4 machines"));
        error.Message.ShouldBe("not true within 0 s: 3 of 4 machines");
    }
}
