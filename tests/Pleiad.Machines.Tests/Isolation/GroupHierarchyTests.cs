using Pleiad.Machines.Isolation;
using Pleiad.Machines.Tests.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

public sealed class GroupHierarchyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Version_1_has_a_hierarchy_per_mount_and_the_own_group_in_each()
    {
        var found = GroupHierarchy.Parse(
            "9:name=systemd:/\n4:memory:/box/one\n1:cpu,cpuacct:/\n0::/\n",
            """
            30 25 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
            31 25 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
            32 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:7 - cgroup cgroup rw,cpu,cpuacct
            33 25 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate
            34 25 8:1 / / rw - ext4 /dev/vda rw
            """);

        var memory = found.Single(hierarchy => hierarchy.Controllers.Contains("memory"));
        (memory.Version, memory.Root, memory.Own).ShouldBe((1, "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/box/one"));
        found.Single(hierarchy => hierarchy.Controllers.Contains("cpu")).Own.ShouldBe("/sys/fs/cgroup/cpu,cpuacct");
        found.Single(hierarchy => hierarchy.Version == 2).Own.ShouldBe("/sys/fs/cgroup/unified");
    }

    [Fact]
    public void A_mount_that_begins_below_the_root_is_seen_from_there()
    {
        const string Mounts = "33 25 0:30 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
        GroupHierarchy.Parse("0::/docker/abc/inner\n", Mounts).ShouldHaveSingleItem().Own.ShouldBe("/sys/fs/cgroup/inner");
        GroupHierarchy.Parse("0::/docker/abc\n", Mounts).ShouldHaveSingleItem().Own.ShouldBe("/sys/fs/cgroup");
        GroupHierarchy.Parse("0::/elsewhere\n", Mounts).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1, "cpu", "cpu.cfs_quota_us", "250000")]
    [InlineData(1, "memory", "memory.limit_in_bytes", "1283457024")]
    [InlineData(1, "pids", "pids.max", "98")]
    [InlineData(2, "cpu", "cpu.max", "250000 100000")]
    [InlineData(2, "memory", "memory.max", "1283457024")]
    [InlineData(2, "pids", "pids.max", "98")]
    public void The_limits_of_a_machine_with_two_virtual_CPUs_and_8_MiB_under_tcg(int version, string controller, string file, string value) =>
        MachineLimits.Of(8 << 20, virtualCpus: 2, "tcg").FilesOf(version, controller).ShouldBe([(file, value)]);

    [Fact]
    public void Without_translated_code_a_gibibyte_less_is_allowed() =>
        (MachineLimits.Of(8 << 20, 1, "tcg").MemoryBytes - MachineLimits.Of(8 << 20, 1, "kvm").MemoryBytes).ShouldBe(1L << 30);

    [Fact]
    public void At_the_top_of_version_2_the_machines_group_is_made_there()
    {
        var root = Group("root", "");
        GroupsTwo.PlaceOf(new GroupHierarchy(2, [], root, root), ["cpu", "memory"]).ShouldBe(root);
        Written(root, "cgroup.subtree_control").ShouldBe("+cpu +memory");
    }

    [Fact]
    public void In_a_group_of_its_own_Pleiad_moves_into_a_leaf_and_hands_the_controllers_down()
    {
        var root = Group("root", "");
        var own = Group("root/pleiad.service", $"{Environment.ProcessId}\n");
        Group("root/pleiad.service/pleiad", "");

        GroupsTwo.PlaceOf(new GroupHierarchy(2, [], root, own), ["cpu", "memory"]).ShouldBe(own);

        Written(own, "pleiad/cgroup.procs").ShouldBe($"{Environment.ProcessId}");
        Written(own, "cgroup.subtree_control").ShouldBe("+cpu +memory");
        Written(root, "cgroup.subtree_control").ShouldBeEmpty("another's group is left alone");
    }

    [Fact]
    public void A_shared_group_is_evaded_only_when_nothing_limits_it()
    {
        var root = Group("root", "");
        var own = Group("root/session.scope", $"1\n{Environment.ProcessId}\n");
        GroupsTwo.PlaceOf(new GroupHierarchy(2, [], root, own), ["cpu", "memory"]).ShouldBe(root);

        File.WriteAllText(Path.Combine(own, "memory.max"), "1073741824\n");
        Should.Throw<IOException>(() => GroupsTwo.PlaceOf(new GroupHierarchy(2, [], root, own), ["cpu", "memory"])).Message.ShouldContain("Delegate=yes");
    }

    /// <summary>A directory that looks like a group.</summary>
    private string Group(string name, string processes)
    {
        var path = Directory.CreateDirectory(Path.Combine(_directory.Path, name)).FullName;
        File.WriteAllText(Path.Combine(path, "cgroup.procs"), processes);
        File.WriteAllText(Path.Combine(path, "cgroup.subtree_control"), "");
        File.WriteAllText(Path.Combine(path, "memory.max"), "max\n");
        File.WriteAllText(Path.Combine(path, "cpu.max"), "max 100000\n");
        return path;
    }

    private static string Written(string group, string file) => File.ReadAllText(Path.Combine(group, file)).Trim();
}
