using System.Globalization;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Services;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Forking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Isolation;
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
    private const int LimitCore = 4; // RLIMIT_CORE

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
            foreach (var (name, value) in ProcessIsolationTests.Status(booted).Where(pair => pair.Key is "Groups" or "NoNewPrivs" or "Seccomp" or "THP_enabled" || pair.Key.StartsWith("Cap", StringComparison.Ordinal)))
            {
                // Of each of its threads: rights are a thread's.
                Threads(clone).ShouldAllBe(thread => ProcessIsolationTests.Status(thread)[name] == value, name);
            }

            Threads(clone).ShouldAllBe(thread => ProcessIsolationTests.Status(thread)["Uid"] == ProcessIsolationTests.Status(clone)["Uid"]);
            (await File.ReadAllTextAsync($"/proc/{clone}/limits")).ShouldBe(await File.ReadAllTextAsync($"/proc/{booted}/limits"));
            (await File.ReadAllLinesAsync($"/proc/{clone}/mounts")).ShouldBe(await File.ReadAllLinesAsync($"/proc/{booted}/mounts"));
            (await File.ReadAllLinesAsync($"/proc/{clone}/net/route")).Length.ShouldBeLessThanOrEqualTo(1);
            (await File.ReadAllTextAsync($"/proc/{clone}/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(variable => variable.Split('=')[0])
                .ShouldBe(["PATH", "LC_ALL", "LD_PRELOAD", "PLEIAD_FORK_SERVER", "PLEIAD_FORK_USER"], "nothing of Pleiad's own");
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
        Kinds(first).Except(Kinds(booted)).ShouldBeSubsetOf(["/memfd:pleiad-template-memory", "anon_inode:[eventpoll]"]);
        Kinds(first).ShouldNotContain("anon_inode:[io_uring]", "a ring that was made before the fork would be shared");
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
        status["Uid"].Split('\t').Distinct().ShouldHaveSingleItem().ShouldNotBeOneOf("0", ProcessIsolationTests.Status(clone.Snapshot.ProcessId.Value)["Uid"].Split('\t')[0]);
        status["Gid"].ShouldBe(status["Uid"]);
        File.ReadLines($"/proc/{server}/limits").Single(line => line.StartsWith("Max core file size", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[4..6].ShouldBe(["0", "0"]);
        var booted = (await test.StartAsync(1, StartMode.Cold)).Snapshot.ProcessId!.Value;
        (await File.ReadAllLinesAsync($"/proc/{server}/mounts")).ShouldBe(await File.ReadAllLinesAsync($"/proc/{booted}/mounts"));

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
    public async Task When_the_server_dies_the_next_clone_has_another_one()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        var server = ServerOf((await test.StartAsync(0)).Snapshot.ProcessId!.Value);
        await test.SparesAsync(1);

        ProcessCalls.Kill(server, ProcessCalls.SigKill).ShouldBe(0);
        await TestHost.UntilAsync(() => ProcessIdentity.Read(server) is null, () => "it runs on");
        var left = (await test.StartAsync(1)).Snapshot; // The spare that was there.
        await test.SparesAsync(1); // Its fork failed, so it was started.
        (await test.StartAsync(2)).Snapshot.Start!.Way.ShouldBe(StartMode.Clone);
        await test.SparesAsync(1);

        var next = await test.StartAsync(3);
        ServerOf(next.Snapshot.ProcessId!.Value).ShouldNotBe(server);
        IsForked(next.Snapshot.ProcessId!.Value).ShouldBeTrue();
        test.Notices.ShouldAllBe(notice => notice.Kind == HostNoticeKind.TemplateReady);

        // One that its parent left is collected all the same.
        ProcessCalls.Kill(left.ProcessId!.Value, ProcessCalls.SigKill).ShouldBe(0);
        await TestHost.UntilAsync(() => !Directory.Exists($"/proc/{left.ProcessId}"), () => "it is a zombie");
    }

    [Fact]
    public async Task The_server_ends_with_the_socket_of_its_requests_and_a_child_without_its_first_word()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        await using var other = await ServerOfItsOwn.StartAsync(test.Test);

        var unborn = await other.AskAsync(new ProcessLimit(LimitCore, 0));
        unborn.Birth.Error.ShouldBe(0);
        ProcessIdentity.Read(unborn.Birth.Process).ShouldNotBeNull();
        unborn.Socket.Dispose();
        await TestHost.UntilAsync(() => ProcessIdentity.Read(unborn.Birth.Process) is null, () => "it lives");

        var refused = await other.AskAsync(new ProcessLimit(resource: 999, 0));
        refused.Birth.Error.ShouldBe(SystemCalls.InvalidArgument);
        refused.Birth.Step.ShouldBe("setrlimit");
        refused.Socket.Dispose();

        other.Requests.Dispose();
        (await other.Process.Exited.WaitAsync(TestHost.Patience)).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_request_that_is_none_ends_the_server()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1);
        await test.SparesAsync(1);
        await using var other = await ServerOfItsOwn.StartAsync(test.Test);

        await other.Requests.SendAsync(new byte[100]);

        (await other.Process.Exited.WaitAsync(TestHost.Patience)).Code.ShouldBe(1);
        other.Said.ShouldContain("fork server: a request that is none");
    }

    [Fact]
    public async Task A_QEMU_that_is_no_fork_server_is_started_for_each_clone()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Clone, spares: 1, qemu: directory =>
        {
            // The library is loaded into the shell, and is not there any more in what the shell becomes.
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
        test.Test.Logged.ShouldContain(line => line.Contains("share less memory", StringComparison.Ordinal) && line.Contains("QEMU does not become a fork server", StringComparison.Ordinal), string.Join("\n", test.Test.Logged));
    }

    /// <summary>A fork server that a test asks by itself.</summary>
    private sealed class ServerOfItsOwn : IAsyncDisposable
    {
        private const string Name = "pleiad-test-server";

        private readonly ProcessWatch _watch = new();
        private readonly MemoryFile _log = MemoryFile.Create("log", 0);
        private readonly SafeFileHandle _other;
        private Launcher _launcher = null!;

        private ServerOfItsOwn() => (Requests, _other) = UnixSocket.Pair();

        public Socket Requests { get; }

        public QemuProcess Process { get; private set; } = null!;

        public string Said => File.ReadAllText($"/proc/self/fd/{_log.Handle.DangerousGetHandle()}");

        public static async Task<ServerOfItsOwn> StartAsync(TestHost test)
        {
            var server = new ServerOfItsOwn();
            var directory = Directory.CreateDirectory(Path.Combine(test.Scratch, "server")).FullName;
            server._launcher = Launcher.Open(
                await LauncherParts.MakeAsync(directory, "pleiad-test-" + Path.GetFileName(test.Scratch), Programs.Find("qemu-system-x86_64")!, NetworkMode.Namespace), [], server._watch, TimeProvider.System);
            server.Process = await server._launcher.ServeAsync(["-name", Name, "-M", "none", "-nodefaults", "-display", "none", "-sandbox", "on"], server._log.Handle, server._other, default);
            server._other.Dispose();
            var ready = new byte[ForkMessages.EndingBytes];
            (await server.Requests.ReceiveAsync(ready).WaitAsync(TestHost.Patience)).ShouldBe(ready.Length, server.Said);
            return server;
        }

        public async Task<((int Process, int Error, string Step) Birth, Socket Socket)> AskAsync(ProcessLimit limit)
        {
            var (own, other) = UnixSocket.Pair();
            using (other)
            {
                DescriptorMessage.Send(Requests.SafeHandle, ForkMessages.Request(Name, null, [limit], groups: 0, inherited: 0), [other, _log.Handle]);
            }

            var birth = new byte[ForkMessages.BirthBytes];
            (await own.ReceiveAsync(birth).WaitAsync(TestHost.Patience)).ShouldBe(birth.Length, Said);
            return (ForkMessages.Birth(birth), own);
        }

        public async ValueTask DisposeAsync()
        {
            Requests.Dispose();
            await Process.Released.WaitAsync(TestHost.Patience);
            Process.Dispose();
            (await _launcher.RemoveAsync()).ShouldBeEmpty();
            _launcher.Dispose();
            _watch.Dispose();
            _log.Dispose();
        }
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
