using Pleiad.Cli.Demo;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Demo;

public sealed class GainTests
{
    [Theory]
    [InlineData(1, new[] { 1 })]
    [InlineData(2, new[] { 1, 2 })]
    [InlineData(4, new[] { 1, 2, 4 })]
    [InlineData(6, new[] { 1, 2, 4, 6 })]
    [InlineData(16, new[] { 1, 2, 4, 8, 16 })]
    public void Numbers_of_machines_double_up_to_the_most(int most, int[] steps) => Gain.Steps(most).ShouldBe(steps);

    [Fact]
    public void The_gain_is_told_with_what_the_machine_can_give() =>
        Gain.Lines([new(1, 14.2), new(2, 7.5), new(4, 7.9)], cores: 2).ShouldBe(
        [
            "  1 machine:    14.2 s  1.0 ×",
            "  2 machines:    7.5 s  1.9 ×",
            "  4 machines:    7.9 s  1.8 ×",
            "2 machines: 1.9 × as quick as 1; this machine has 2 cores, so at most 2 × is to be expected.",
        ]);
}
