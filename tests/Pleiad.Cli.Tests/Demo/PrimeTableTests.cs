using Pleiad.Cli.Demo;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Demo;

public sealed class PrimeTableTests
{
    private readonly PrimeTable _table = new(10_000);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(100, 25)]
    [InlineData(1_000, 168)]
    [InlineData(10_000, 1_229)]
    public void The_sieve_counts_primes(int n, int primes) => _table.Count(n).ShouldBe(primes);

    [Fact]
    public void Divisions_are_those_of_the_naive_count()
    {
        foreach (var n in (int[])[0, 2, 3, 10, 97, 1_000])
        {
            _table.Divisions(n).ShouldBe(Naive(n));
        }
    }

    [Fact]
    public void N_is_the_smallest_that_takes_the_work()
    {
        var n = _table.For(100_000);

        _table.Divisions(n).ShouldBeGreaterThanOrEqualTo(100_000);
        _table.Divisions(n - 1).ShouldBeLessThan(100_000);
        _table.For(double.MaxValue / 1e300).ShouldBe(10_000);
        _table.For(0).ShouldBeLessThanOrEqualTo(2);
    }

    [Fact]
    public void Calibrated_tasks_differ_grow_and_take_the_work_that_was_asked_for()
    {
        var tasks = DemoTasks.Calibrated(6, divisionsPerMs: 100, _table);

        tasks.Select(task => task.Name).ShouldBe(["test1", "test2", "test3", "test4", "test5", "test6"]);
        tasks.Select(task => task.N).ShouldBe(tasks.Select(task => task.N).Order().Distinct());
        tasks.ShouldAllBe(task => task.Expected == _table.Count(task.N));
        var work = tasks.Sum(task => _table.Divisions(task.N)) / 100.0;
        work.ShouldBe(DemoTasks.TotalWork.TotalMilliseconds, tolerance: DemoTasks.TotalWork.TotalMilliseconds * 0.02);
    }

    [Fact]
    public void Tasks_from_a_given_N_grow_by_a_twentieth_up_to_the_largest()
    {
        DemoTasks.From(3, 1_000, _table).Select(task => task.N).ShouldBe([1_000, 1_050, 1_100]);
        DemoTasks.From(2, 10_000, _table).Select(task => task.N).ShouldBe([10_000, 10_000]);
    }

    [Theory]
    [InlineData("{\"n\":1000,\"primes\":168}", 168L)]
    [InlineData("{\"n\":1000}", null)]
    [InlineData("168", null)]
    [InlineData("[]", null)]
    [InlineData("oh", null)]
    [InlineData("{\"primes\":\"168\"}", null)]
    [InlineData(null, null)]
    public void An_answer_is_read_or_is_none(string? answer, long? primes) => DemoTasks.ResultOf(answer).ShouldBe(primes);

    private static long Naive(int n)
    {
        var divisions = 0L;
        for (var candidate = 2; candidate <= n; candidate++)
        {
            for (var divisor = 2; divisor < candidate; divisor++)
            {
                divisions++;
                if (candidate % divisor == 0)
                {
                    break;
                }
            }
        }

        return divisions;
    }
}
