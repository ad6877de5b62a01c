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
    public void Each_measurement_is_a_line() => ((DemoScaling[])[new(1, 14.2), new(2, 7.5), new(16, 7.9)]).Select(step => Gain.Line(step, new(1, 14.2))).ShouldBe(
        ["  1 machine:    14.2 s  1.0 ×", "  2 machines:    7.5 s  1.9 ×", " 16 machines:    7.9 s  1.8 ×"]);

    [Theory]
    [InlineData(2, 6, "2 machines: 1.9 × as quick as 1; this machine has 2 cores, so at most 2 × is to be expected.")]
    [InlineData(8, 6, "2 machines: 1.9 × as quick as 1; 6 tasks on 2 machines take 3 rounds, so at most 2 × is to be expected.")]
    [InlineData(8, 3, "2 machines: 1.9 × as quick as 1; 3 tasks on 2 machines take 2 rounds, so at most 1.5 × is to be expected. What is above that is chance: something else kept the cores busy for a while.")]
    [InlineData(1, 6, "2 machines: 1.9 × as quick as 1; this machine has 1 core, so at most 1 × is to be expected. What is above that is chance: something else kept the cores busy for a while.")]
    public void The_gain_is_told_with_what_could_be_expected(int cores, int tasks, string said) => Gain.Summary([new(1, 14.2), new(2, 7.5), new(4, 7.9)], cores, tasks).ShouldBe(said);
}
