using System.Globalization;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Cloning;
using Pleiad.Machines.Tests.Hosting;
using Pleiad.Machines.Tests.Isolation;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Forking;

[Trait("Group", "machines")]
public sealed class ForkServerTests
{
    [Fact]
    public async Task A_clone_has_at_most_half_of_the_private_memory_of_a_machine_that_booted()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        var clones = new[] { await test.StartAsync(0), await test.StartAsync(1) };
        var booted = await test.StartAsync(2, StartMode.Cold);

        test.Test.Logged.Where(line => line.Contains("share less memory", StringComparison.Ordinal)).ShouldBeEmpty();
        clones.ShouldAllBe(clone => clone.Snapshot.Start!.Way == StartMode.Clone);
        var most = PrivateBytes(booted.Snapshot.ProcessId!.Value) / 2;
        foreach (var clone in clones)
        {
            PrivateBytes(clone.Snapshot.ProcessId!.Value).ShouldBeLessThan(most);
        }
    }

    [Fact]
    public async Task A_clone_s_process_is_shut_in_like_that_of_a_machine_that_booted()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 2);
        await test.SparesAsync(2);
        var booted = (await test.StartAsync(0, StartMode.Cold)).Snapshot.ProcessId!.Value;
        int[] clones = [(await test.StartAsync(1)).Snapshot.ProcessId!.Value, (await test.StartAsync(2)).Snapshot.ProcessId!.Value];
        var users = new HashSet<string> { ProcessIsolationTests.Status(booted)["Uid"] };

        foreach (var clone in clones)
        {
            IsForked(clone).ShouldBeTrue();
            users.Add(ProcessIsolationTests.Status(clone)["Uid"]).ShouldBeTrue("another machine has the same user");
            foreach (var (name, value) in ProcessIsolationTests.Status(booted).Where(pair => pair.Key is "Groups" or "NoNewPrivs" or "Seccomp" || pair.Key.StartsWith("Cap", StringComparison.Ordinal)))
            {
                // Of each of its threads: rights are a thread's.
                Threads(clone).ShouldAllBe(thread => ProcessIsolationTests.Status(thread)[name] == value, name);
            }

            Threads(clone).ShouldAllBe(thread => ProcessIsolationTests.Status(thread)["Uid"] == ProcessIsolationTests.Status(clone)["Uid"]);
            (await File.ReadAllTextAsync($"/proc/{clone}/limits")).ShouldBe(await File.ReadAllTextAsync($"/proc/{booted}/limits"));
            (await File.ReadAllLinesAsync($"/proc/{clone}/mounts")).ShouldBe(await File.ReadAllLinesAsync($"/proc/{booted}/mounts"));
            (await File.ReadAllLinesAsync($"/proc/{clone}/net/route")).Length.ShouldBeLessThanOrEqualTo(1);
            (await File.ReadAllTextAsync($"/proc/{clone}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(variable => variable.Split('=')[0])
                .ShouldBe(["PATH", "LC_ALL", "LD_PRELOAD", "PLEIAD_FORK_SERVER"], "nothing of Pleiad's own");
        }
    }

    [Fact]
    public async Task Machines_share_no_descriptor_by_which_one_could_reach_another_or_Pleiad()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 2);
        await test.SparesAsync(2);
        var booted = (await test.StartAsync(0, StartMode.Cold)).Snapshot.ProcessId!.Value;
        var first = (await test.StartAsync(1)).Snapshot.ProcessId!.Value;
        var second = (await test.StartAsync(2)).Snapshot.ProcessId!.Value;

        Kinds(first).ShouldBe(Kinds(second));
        Kinds(first).Except(Kinds(booted)).ShouldBe(["/memfd:pleiad-template-memory", "anon_inode:[eventpoll]"], "a ring of io_uring is refused as long as it would be shared");
        Sockets(first).Intersect(Sockets(second)).ShouldBeEmpty();
        Sockets(first).Count.ShouldBe(Sockets(booted).Count, "QMP and the serial line");

        // The kernel numbers event counters; one number in two processes is one counter.
        Counters(first).ShouldNotBeEmpty();
        Counters(first).Intersect(Counters(second)).ShouldBeEmpty();
        Counters(first).Intersect(Counters(ServerOf(first))).ShouldBeEmpty();
        File.ReadLines($"/proc/{first}/maps").Where(line => line.Split(' ')[1] is ['r', 'w', _, 's']).ShouldBeEmpty("no memory is shared for writing");
    }

    [Fact]
    public async Task The_server_may_do_nothing_but_make_its_children_other_users_and_ends_with_its_template()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        var clone = await test.StartAsync(0);
        var server = ServerOf(clone.Snapshot.ProcessId!.Value);
        var status = ProcessIsolationTests.Status(server);

        const ulong SetGroup = 1 << 6, SetUser = 1 << 7;
        foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        {
            ulong.Parse(status[set], NumberStyles.HexNumber, CultureInfo.InvariantCulture).ShouldBe(set is "CapPrm" or "CapEff" ? SetGroup | SetUser : 0, set);
        }

        status["NoNewPrivs"].ShouldBe("1");
        (await File.ReadAllLinesAsync($"/proc/{server}/mounts")).ShouldBe(await File.ReadAllLinesAsync($"/proc/{clone.Snapshot.ProcessId}/mounts"));

        // It closes what was for a child when it has forked it: then its socket of requests is left, and no file of a machine.
        await TestHost.UntilAsync(
            () => Sockets(server).Count == 1 && !Kinds(server).Contains("log") && !Kinds(server).Contains("/memfd:pleiad-template-memory"),
            () => string.Join(' ', Links(server)));

        test.Test.Host.Prepare([]);

        await TestHost.UntilAsync(() => ProcessIdentity.Read(server) is null, () => "it runs on");
        (await test.AskAsync(clone)).Address.ShouldBe(clone.Snapshot.Address.Ip.ToString(), "its children do not need it");
    }

    [Fact]
    public async Task How_a_clone_ended_is_known_as_of_any_machine()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        var clone = await test.StartAsync(0);

        ProcessCalls.Kill(clone.Snapshot.ProcessId!.Value, ProcessCalls.SigKill).ShouldBe(0);

        (await clone.Ended.WaitAsync(TestHost.Patience)).FailureDetail.ShouldNotBeNull().ShouldContain("killed by signal 9");
    }

    [Fact]
    public async Task When_the_server_dies_the_template_is_made_anew()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        var server = ServerOf((await test.StartAsync(0)).Snapshot.ProcessId!.Value);
        await test.SparesAsync(1);

        ProcessCalls.Kill(server, ProcessCalls.SigKill).ShouldBe(0);
        await TestHost.UntilAsync(() => ProcessIdentity.Read(server) is null, () => "it runs on");
        await test.StartAsync(1); // The spare that was there; the next one cannot be made.
        await TestHost.UntilAsync(() => test.Notices.Count(notice => notice.Kind == HostNoticeKind.TemplateReady) == 2, () => string.Join("; ", test.Notices));
        await test.SparesAsync(1);

        test.Notices.ShouldContain(notice => notice.Kind == HostNoticeKind.TemplateFailed && notice.Reason.Contains("fork server", StringComparison.Ordinal));
        IsForked((await test.StartAsync(2)).Snapshot.ProcessId!.Value).ShouldBeTrue();
    }

    [Fact]
    public async Task A_QEMU_that_is_no_fork_server_is_started_for_each_clone()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1, qemu: directory =>
        {
            // The library is loaded into the shell, and is not there any more in what the shell becomes: so it is with a QEMU that is linked statically.
            // It needs a directory that all users may enter.
            var wrapper = Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "static", "bin")).FullName, "qemu");
            File.WriteAllText(wrapper, $"#!/bin/sh\nexec {Programs.Find("qemu-system-x86_64")} \"$@\"\n");
            File.SetUnixFileMode(wrapper, (UnixFileMode)0b111_101_101);
            return wrapper;
        });
        await test.SparesAsync(1);

        var clone = await test.StartAsync(0);

        clone.Snapshot.Start!.Way.ShouldBe(StartMode.Clone);
        IsForked(clone.Snapshot.ProcessId!.Value).ShouldBeFalse();
        test.Test.Logged.ShouldContain(line => line.Contains("share less memory", StringComparison.Ordinal) && line.Contains("QEMU does not become a fork server", StringComparison.Ordinal));
    }

    private static int ServerOf(int process) => int.Parse(ProcessIsolationTests.Status(process)["PPid"], CultureInfo.InvariantCulture);

    private static bool IsForked(int process) => ServerOf(process) != Environment.ProcessId;

    private static IEnumerable<int> Threads(int process) => Directory.EnumerateDirectories($"/proc/{process}/task").Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture));

    /// <summary>What a process has open, without what tells one of a kind from another.</summary>
    private static IReadOnlyList<string> Kinds(int process) => [.. Links(process).Select(link => link.Target.Split(':')[0] is "socket" or "pipe" ? link.Target.Split(':')[0] : link.Target.EndsWith(".log", StringComparison.Ordinal) ? "log" : link.Target.Split(" (")[0]).Distinct().Order()];

    private static IReadOnlyList<string> Sockets(int process) => [.. Links(process).Select(link => link.Target).Where(target => target.StartsWith("socket:", StringComparison.Ordinal))];

    private static IReadOnlyList<string> Counters(int process) => [.. Links(process)
        .Where(link => link.Target == "anon_inode:[eventfd]")
        .Select(link => File.ReadLines($"/proc/{process}/fdinfo/{link.Number}").Single(line => line.StartsWith("eventfd-id", StringComparison.Ordinal)))];

    private static (string Number, string Target)[] Links(int process) =>
        [.. Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(path => (Path.GetFileName(path), new FileInfo(path).LinkTarget ?? "closed meanwhile"))];

    private static long PrivateBytes(int process) => File.ReadLines($"/proc/{process}/smaps_rollup")
        .Where(line => line.StartsWith("Private_", StringComparison.Ordinal))
        .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)) << 10;
}
