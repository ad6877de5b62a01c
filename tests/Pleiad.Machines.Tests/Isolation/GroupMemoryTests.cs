using Pleiad.Machines.Isolation;
using Pleiad.Machines.Tests.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

public sealed class GroupMemoryTests : IDisposable
{
    private const long MiB = 1 << 20;

    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_tightest_group_above_counts_and_its_cache_is_free(int version)
    {
        var root = Group(version, "root", limit: null, used: 900, cache: 300);
        Group(version, "root/box", limit: 500, used: 450, cache: 100);
        var own = Group(version, "root/box/pleiad", limit: 400, used: 100, cache: 0);

        GroupMemory.Of(new GroupHierarchy(version, version == 1 ? ["memory"] : [], root, own)).ShouldBe(150 * MiB);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Without_a_limit_nothing_is_said_and_what_is_used_up_is_0(int version)
    {
        var root = Group(version, "root", limit: null, used: 900, cache: 300);
        string[] controllers = version == 1 ? ["memory"] : [];
        GroupMemory.Of(new GroupHierarchy(version, controllers, root, root)).ShouldBeNull();
        var own = Group(version, "root/full", limit: 100, used: 101, cache: 0);
        GroupMemory.Of(new GroupHierarchy(version, controllers, root, own)).ShouldBe(0);
    }

    [Fact]
    public void A_group_that_is_held_back_before_its_limit_is_left_so_much()
    {
        var own = Group(2, "root", limit: 500, used: 100, cache: 0);
        File.WriteAllText(Path.Combine(own, "memory.high"), $"{300 * MiB}\n");
        GroupMemory.Of(new GroupHierarchy(2, [], own, own)).ShouldBe(200 * MiB);
    }

    [Fact]
    public void Hierarchies_of_other_controllers_say_nothing()
    {
        var own = Group(1, "root", limit: 100, used: 1, cache: 0);
        GroupMemory.Of(new GroupHierarchy(1, ["cpu", "cpuacct"], own, own)).ShouldBeNull();
    }

    [Fact]
    public void This_process_is_left_something() => (GroupMemory.AvailableBytes() ?? long.MaxValue).ShouldBeGreaterThan(MiB);

    public void Dispose() => _directory.Dispose();

    /// <summary>A directory that looks like a group of the kernel's; figures in MiB.</summary>
    private string Group(int version, string name, int? limit, int used, int cache)
    {
        var path = Directory.CreateDirectory(Path.Combine(_directory.Path, name)).FullName;
        File.WriteAllText(Path.Combine(path, version == 1 ? "memory.limit_in_bytes" : "memory.max"), $"{(limit is { } mebibytes ? (mebibytes * MiB).ToString() : version == 1 ? "9223372036854771712" : "max")}\n");
        File.WriteAllText(Path.Combine(path, version == 1 ? "memory.usage_in_bytes" : "memory.current"), $"{used * MiB}\n");
        File.WriteAllText(Path.Combine(path, "memory.stat"), $"{(version == 1 ? "inactive_file 5\ntotal_inactive_file" : "anon 7\ninactive_file")} {cache * MiB}\nunevictable 0\n");
        return path;
    }
}
