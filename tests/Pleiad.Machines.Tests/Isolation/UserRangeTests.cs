using Pleiad.Machines.Isolation;
using Pleiad.Machines.Tests.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

public sealed class UserRangeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Registry => Path.Combine(_directory.Path, "users");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_directory_has_the_same_range_each_time()
    {
        var first = UserRange.Open(Make("a"), Registry);
        UserRange.Open(Make("a"), Registry).Start.ShouldBe(first.Start);
        first.Start.ShouldBeGreaterThanOrEqualTo(UserRange.First);
        (first.Start + UserRange.Size - 1).ShouldBeLessThan(0x7ffe_0000u, "systemd's foreign ids begin there");
    }

    [Fact]
    public void Two_directories_never_share_a_range_even_when_their_hashes_do()
    {
        var first = UserRange.Open(Make("a"), Registry);
        var file = Directory.EnumerateFiles(Registry).ShouldHaveSingleItem();

        // As if another directory's hash had led to the same place.
        File.WriteAllText(file, Make("b"));
        var second = UserRange.Open(Make("a"), Registry);

        second.Start.ShouldNotBe(first.Start);
        File.ReadAllText(file).ShouldBe(Make("b"));
    }

    [Fact]
    public void The_range_of_a_directory_that_is_gone_is_taken_over()
    {
        var first = UserRange.Open(Make("a"), Registry);
        File.WriteAllText(Directory.EnumerateFiles(Registry).Single(), Path.Combine(_directory.Path, "gone"));

        UserRange.Open(Make("a"), Registry).Start.ShouldBe(first.Start);
    }

    [Fact]
    public void Many_that_open_at_once_get_different_ranges()
    {
        var starts = new uint[32];
        Parallel.For(0, starts.Length, i => starts[i] = UserRange.Open(Make($"d{i}"), Registry).Start);
        starts.Distinct().Count().ShouldBe(starts.Length);
    }

    [Fact]
    public void A_user_is_given_to_one_machine_at_a_time_and_all_can_be_given()
    {
        var range = UserRange.Open(Make("a"), Registry);
        range.Mark(range.Start + 5);
        var all = Enumerable.Range(0, UserRange.Size - 1).Select(_ => range.Take()).ToHashSet();

        all.Count.ShouldBe(UserRange.Size - 1);
        all.ShouldNotContain(range.Start + 5, "an adopted machine has it");
        all.ShouldAllBe(user => range.Contains(user));
        Should.Throw<IOException>(() => range.Take());
        range.Return(range.Start + 5);
        range.Take().ShouldBe(range.Start + 5);
    }

    [Fact]
    public void A_forgotten_range_leaves_no_file()
    {
        UserRange.Open(Make("a"), Registry);
        UserRange.Open(Make("b"), Registry).Forget();
        UserRange.Forget(Make("a"), Registry);
        Directory.EnumerateFileSystemEntries(Registry).ShouldBeEmpty();
    }

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(_directory.Path, name)).FullName;
}
