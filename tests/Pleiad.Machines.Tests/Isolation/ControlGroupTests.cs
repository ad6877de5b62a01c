using System.Diagnostics;
using System.Globalization;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

/// <summary>Control groups of real machines. They need a host that has the controllers cpu and memory, in version 1 or 2.</summary>
[Trait("Group", "machines")]
public sealed class ControlGroupTests
{
    [Fact]
    public async Task A_machine_is_in_a_group_of_its_own_with_its_limits_and_the_group_goes_with_it()
    {
        await using var test = await OpenAsync();
        var machine = await test.StartReadyAsync();
        var process = machine.Snapshot.ProcessId!.Value;
        var group = GroupOf(test, process);

        group.Directories.SelectMany(directory => directory.Controllers).ShouldBeSubsetOf(["cpu", "cpuacct", "memory", "pids"]);
        var limits = MachineLimits.Of(4 << 20, 1, "tcg");
        foreach (var directory in group.Directories)
        {
            File.ReadAllLines(Path.Combine(directory.Path, "cgroup.procs")).ShouldBe([process.ToString(CultureInfo.InvariantCulture)]);
            foreach (var (file, value) in directory.Controllers.SelectMany(controller => limits.FilesOf(directory.Version, controller)))
            {
                File.ReadAllText(Path.Combine(directory.Path, file)).Trim().ShouldBe(value, file);
            }
        }

        group.ReadCpuSeconds().ShouldNotBeNull().ShouldBeGreaterThan(0);
        group.ReadMemoryBytes().ShouldNotBeNull().ShouldBeGreaterThan(4 << 20);
        await TestHost.UntilAsync(() => machine.Snapshot.Usage.ResidentBytes > 1 << 20, () => machine.Snapshot.ToString());

        await machine.StopAsync();
        group.Directories.ShouldAllBe(directory => !Directory.Exists(directory.Path));
        var parents = group.Directories.Select(directory => Path.GetDirectoryName(directory.Path)!).ToArray();
        await test.Host.DisposeAsync();
        parents.ShouldAllBe(parent => !Directory.Exists(parent));
    }

    [Fact]
    public async Task No_thread_of_this_process_stays_in_a_machine_s_group()
    {
        await using var test = await OpenAsync();
        var machines = new List<IMachine>();
        for (var i = 0; i < 4; i++)
        {
            machines.Add(await test.StartReadyAsync(i));
        }

        foreach (var directory in machines.SelectMany(machine => GroupOf(test, machine.Snapshot.ProcessId!.Value).Directories))
        {
            File.ReadAllLines(Path.Combine(directory.Path, "cgroup.procs")).ShouldNotContain(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task An_adopted_machine_keeps_user_and_group_and_they_go_with_it()
    {
        await using var test = await OpenAsync();
        var machine = (await test.StartReadyAsync()).Snapshot;
        var user = ProcessUser.Of(machine.ProcessId!.Value);
        var group = GroupOf(test, machine.ProcessId!.Value);
        await test.Host.AbandonAsync();
        await test.ReopenAsync();

        var adopted = (await test.Host.AdoptAsync(_ => true, CancellationToken.None)).Adopted.ShouldHaveSingleItem();
        var next = (await test.StartReadyAsync(1)).Snapshot;

        ProcessUser.Of(next.ProcessId!.Value).ShouldNotBe(user);
        adopted.Snapshot.Address.ShouldBe(machine.Address);
        await TestHost.UntilAsync(() => adopted.Snapshot.Usage.ResidentBytes > 0, () => adopted.Snapshot.ToString());
        await adopted.StopAsync();
        group.Directories.ShouldAllBe(directory => !Directory.Exists(directory.Path));
    }

    [Fact]
    public async Task Groups_of_machines_that_a_killed_run_left_are_removed_at_the_next_start_and_by_a_sweep()
    {
        await using var test = await OpenAsync();
        var first = await LoseAsync(test);
        await test.ReopenAsync();
        await test.Host.AdoptAsync(_ => false, CancellationToken.None);
        first.Directories.ShouldAllBe(directory => !Directory.Exists(directory.Path));

        var second = await LoseAsync(test);
        await MachineHost.SweepAsync(test.Options.Directory, test.Options.Namespace, TimeProvider.System, CancellationToken.None);
        second.Directories.ShouldAllBe(directory => !Directory.Exists(Path.GetDirectoryName(directory.Path)));
        Directory.EnumerateFiles(UserRange.DefaultRegistry).Where(file => File.ReadAllText(file) == test.Files.Root).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_whose_process_is_slow_to_leave_it_is_removed_when_machines_are_adopted()
    {
        await using var test = await OpenAsync();
        var group = await LoseAsync(test);
        using var slow = Process.Start("sleep", "0.5");
        foreach (var directory in group.Directories)
        {
            await File.WriteAllTextAsync(Path.Combine(directory.Path, "cgroup.procs"), slow.Id.ToString(CultureInfo.InvariantCulture));
        }

        await test.ReopenAsync();
        var report = await test.Host.AdoptAsync(_ => false, CancellationToken.None);

        group.Directories.ShouldAllBe(directory => !Directory.Exists(directory.Path));
        report.Removed.ShouldNotContain(line => line.Contains("is left"));
    }

    [Fact]
    public async Task A_process_that_needs_more_memory_than_its_limit_is_ended_and_the_reason_is_known()
    {
        await using var test = await OpenAsync();
        using var watch = new ProcessWatch();
        var name = "pleiad-" + Path.GetFileName(test.Scratch);
        try
        {
            using var launcher = Launcher.Open(await LauncherParts.MakeAsync(test.Scratch, name, "/bin/sh", NetworkMode.Namespace), [], watch, TimeProvider.System);
            using var log = SerialLog.Open(Path.Combine(test.Scratch, "log"));

            // A shell that doubles a text without end, in place of a QEMU that leaks.
            using var process = await launcher.StartAsync(new QemuLaunch(["-c", "x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done"], log, [], 1 << 20, new MachineLimits(32 << 20, 1, 16)));
            var status = await process.Exited.WaitAsync(TestHost.Patience);

            await process.Released.WaitAsync(TestHost.Patience);
            status.Signal.ShouldBe(ProcessCalls.SigKill, status.ToString());
            process.Cage.ShouldNotBeNull().RanOutOfMemory.ShouldBeTrue();
            process.Cage.IsLeft.ShouldBeFalse();
        }
        finally
        {
            (await Launcher.RemoveLeftAsync(test.Scratch, TimeProvider.System)).ShouldBeEmpty();
        }
    }

    private static async Task<TestHost> OpenAsync()
    {
        var test = await TestHost.OpenAsync();
        var limits = test.Host.Capabilities.Protections.Single(protection => protection.Name == "limits");
        if (!limits.Holds)
        {
            await test.DisposeAsync();
            Assert.Skip($"this host has no control groups that can be used: {limits.Detail}");
        }

        return test;
    }

    /// <summary>Starts a machine, forgets it as a killed Pleiad does, and ends its process as a crash of the host's would.</summary>
    private static async Task<MachineGroup> LoseAsync(TestHost test)
    {
        var machine = (await test.StartReadyAsync()).Snapshot;
        var group = GroupOf(test, machine.ProcessId!.Value);
        await test.Host.AbandonAsync();
        ProcessCalls.Kill(machine.ProcessId.Value, ProcessCalls.SigKill).ShouldBe(0);
        await TestHost.UntilAsync(() => ProcessIdentity.Read(machine.ProcessId.Value) is null, () => "it runs on");
        group.Directories.ShouldAllBe(directory => Directory.Exists(directory.Path));
        return group;
    }

    /// <summary>The group as the kernel tells it of the process.</summary>
    private static MachineGroup GroupOf(TestHost test, int process)
    {
        var parent = new MachineMark(test.Options.Directory).GroupName;
        var directories = GroupHierarchy.OfProcess(process)
            .Where(hierarchy => Path.GetFileName(Path.GetDirectoryName(hierarchy.Own)) == parent)
            .Select(hierarchy => new GroupDirectory(hierarchy.Own, hierarchy.Version, hierarchy.Version == 1 ? [.. hierarchy.Controllers.Except(["rw"])] : GroupsTwo.Controllers(hierarchy.Own)))
            .ToArray();
        directories.ShouldNotBeEmpty($"process {process} is in no group of its machines' directory");
        return new MachineGroup(directories);
    }
}
