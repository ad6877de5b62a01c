using Pleiad.Server.Fleet;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

public sealed class StartFailuresTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly StartFailures _failures = new();

    [Fact]
    public void Starts_that_were_under_way_together_are_one_failure()
    {
        for (var one = 0; one < 8; one++)
        {
            _failures.Failed(Noon, After(1 + one), "no answer");
        }

        _failures.Row.ShouldBe((1, After(8)));
        _failures.Failed(After(9), After(10), "no answer again");
        _failures.Row.ShouldBe((2, After(10)));
        _failures.Problem.ShouldBe("no answer again");
    }

    [Fact]
    public void A_machine_that_answers_ends_the_row()
    {
        _failures.Failed(Noon, After(1), "no answer");
        _failures.Ready();
        _failures.Row.Count.ShouldBe(0);
        _failures.Problem.ShouldBeNull();
    }

    [Fact]
    public void Machines_that_die_early_one_after_another_count_from_the_second_on_until_one_is_stable()
    {
        _failures.Ready();
        _failures.Died(Noon, Of(1), After(1), "triple fault");
        _failures.Row.Count.ShouldBe(0);
        _failures.Ready();
        _failures.Died(After(1), Of(1), After(2), "triple fault");
        _failures.Ready();
        _failures.Died(After(3), Of(1), After(4), "triple fault");
        _failures.Row.Count.ShouldBe(2);
        _failures.Problem!.ShouldContain("soon after their start: triple fault");
        _failures.Reset();
        _failures.Problem.ShouldBeNull();
    }

    [Fact]
    public void A_machine_that_took_long_to_start_and_dies_soon_after_it_died_early()
    {
        _failures.Died(Noon, Of(2), After(62), "panic");
        _failures.Died(After(62), Of(1), After(121), "panic");
        _failures.Row.Count.ShouldBe(1);
    }

    [Fact]
    public void A_machine_that_dies_after_long_work_is_no_failure()
    {
        for (var one = 0; one < 3; one++)
        {
            _failures.Died(Noon, Of(59), After(60 + one), "killed");
        }

        _failures.Row.Count.ShouldBe(0);
    }

    [Fact]
    public void Machines_whose_lives_overlap_and_that_all_die_early_count()
    {
        // Two places, each with a machine of 8 s after another: one of the other place dies between each one's order and its end.
        for (var end = 4; end <= 60; end += 4)
        {
            _failures.Died(After(end - 8), Of(8), After(end), "panic");
        }

        _failures.Row.Count.ShouldBe(7);
        _failures.Since.ShouldBe(After(56));
    }

    [Fact]
    public void One_early_death_is_something_to_forget()
    {
        _failures.Since.ShouldBeNull();
        _failures.Died(Noon, Of(1), After(1), "panic");
        (_failures.Since, _failures.Row.Count).ShouldBe((After(1), 0));
        _failures.Reset();
        _failures.Since.ShouldBeNull();
    }

    private static TimeSpan Of(int seconds) => TimeSpan.FromSeconds(seconds);

    private static DateTimeOffset After(int seconds) => Noon.AddSeconds(seconds);
}
