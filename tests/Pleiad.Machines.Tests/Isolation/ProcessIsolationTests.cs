using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Cloning;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

/// <summary>What QEMU's process may do, as the kernel shows it in <c>/proc</c>. Needs root, as the tests of namespaces do.</summary>
[Trait("Group", "machines")]
public sealed class ProcessIsolationTests
{
    [Theory]
    [InlineData(NetworkMode.Namespace)]
    [InlineData(NetworkMode.User)]
    public async Task Each_machine_runs_as_a_user_of_its_own_without_capabilities_and_with_seccomp(NetworkMode network)
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = network);
        var users = new HashSet<uint>();
        foreach (var address in (int[])[0, 1])
        {
            var process = (await test.StartReadyAsync(address)).Snapshot.ProcessId!.Value;
            var status = Status(process);
            var ids = status["Uid"].Split('\t');
            ids.Distinct().Count().ShouldBe(1, "real, effective, saved and file system user are the same");
            status["Gid"].ShouldBe(status["Uid"]);
            var user = uint.Parse(ids[0], CultureInfo.InvariantCulture);
            user.ShouldBeGreaterThanOrEqualTo(UserRange.First);
            users.Add(user).ShouldBeTrue("another machine has the same user");
            status["Groups"].ShouldBeEmpty();
            foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
            {
                status[set].ShouldBe("0000000000000000", set);
            }

            status["NoNewPrivs"].ShouldBe("1");
            status["Seccomp"].ShouldBe("2");
        }
    }

    [Fact]
    public async Task A_machine_s_process_sees_programs_and_itself_and_nothing_of_the_host_or_of_other_machines()
    {
        await using var test = await TestHost.OpenAsync();
        var process = (await test.StartReadyAsync(0)).Snapshot.ProcessId!.Value;
        await test.StartReadyAsync(1);
        var root = $"/proc/{process}/root";

        Directory.EnumerateFileSystemEntries(root).Select(Path.GetFileName).ShouldBeSubsetOf(
            ["usr", "lib", "lib32", "lib64", "libx32", "bin", "sbin", "etc", "nix", "gnu", "dev", "proc", ".pleiad-view"]);
        Directory.EnumerateFileSystemEntries(root + "/etc").Select(Path.GetFileName).ShouldBe(["ld.so.cache"]);
        File.Exists(root + "/etc/shadow").ShouldBeFalse();
        Directory.Exists(root + "/home").ShouldBeFalse();
        Directory.Exists(root + test.Options.Directory).ShouldBeFalse("the machines' directory is hidden");
        Directory.EnumerateFileSystemEntries(root + "/dev").Select(Path.GetFileName).ShouldBeSubsetOf(["null", "zero", "random", "urandom", "kvm"]);

        var mounts = (await File.ReadAllLinesAsync($"/proc/{process}/mounts")).Select(line => line.Split(' ')).ToArray();
        mounts.ShouldAllBe(mount => mount[3].Split(',', StringSplitOptions.None)[0] == "ro" || mount[2] == "proc");
        mounts.Single(mount => mount[2] == "proc")[3].ShouldContain("hidepid=invisible");
        mounts.Single(mount => mount[2] == "proc")[3].ShouldContain("subset=pid");
        Should.Throw<IOException>(() => File.WriteAllText(root + "/usr/pleiad-test", ""), "read-only even for root");
    }

    [Fact]
    public async Task A_machine_s_process_has_an_empty_network_and_no_namespace_of_the_host_but_those_it_cannot_harm()
    {
        await using var test = await TestHost.OpenAsync();
        var process = (await test.StartReadyAsync()).Snapshot.ProcessId!.Value;

        foreach (var kind in (string[])["net", "mnt", "ipc", "uts"])
        {
            Namespace(process, kind).ShouldNotBe(Namespace(Environment.ProcessId, kind), kind);
        }

        var links = (await File.ReadAllLinesAsync($"/proc/{process}/net/dev")).Skip(2).Select(line => line.Split(':')[0].Trim());
        links.Except(["lo", "tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0"]).ShouldBeEmpty("the machines' bridge is not in QEMU's network either");
        (await File.ReadAllLinesAsync($"/proc/{process}/net/route")).Skip(1).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_s_process_gets_none_of_this_process_s_own_descriptors()
    {
        await using var test = await TestHost.OpenAsync();
        var secret = Path.Combine(test.Scratch, "secret");
        await File.WriteAllTextAsync(secret, "");
        using var kept = new SafeFileHandle(ProcessCalls.OpenFile(secret, flags: 0, mode: 0), ownsHandle: true); // Without close-on-exec, as what a shell passes on.

        var process = (await test.StartReadyAsync()).Snapshot.ProcessId!.Value;

        Targets(Environment.ProcessId).ShouldContain(secret);
        Targets(process).ShouldNotContain(secret);

        static string?[] Targets(int process) => [.. Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Select(path => new FileInfo(path).LinkTarget)];
    }

    [Fact]
    public async Task Starting_machines_leaves_no_thread_of_this_process_where_machines_live()
    {
        await using var test = await TestHost.OpenAsync();
        for (var address = 0; address < 4; address++)
        {
            await test.StartReadyAsync(address);
        }

        await using var clones = await WarmHost.OpenAsync(StartMode.Clone, spares: 1); // A thread starts what forks them, too.
        await clones.SparesAsync(1);

        // The launching thread and that of the machines' network are meant to be elsewhere. Any other would carry their restrictions into the thread pool.
        var main = Environment.ProcessId;
        var strange = Threads().Where(thread => Namespace(thread, "mnt") != Namespace(main, "mnt") || User(thread) != User(main)).ToArray();
        strange.ShouldBeEmpty();
        var elsewhere = Threads().Where(thread => Namespace(thread, "net") != Namespace(main, "net")).Select(Name).Distinct();
        elsewhere.ShouldBeSubsetOf(["pleiad launch", "pleiad network"]);
        var restricted = Threads().Where(thread => Status(thread)["NoNewPrivs"] == "1" || Status(thread)["CapBnd"] != Status(main)["CapBnd"]).Select(Name).Distinct();
        restricted.ShouldBeSubsetOf(["pleiad launch"]);
    }

    [Fact]
    public async Task The_host_says_how_machines_are_shut_in()
    {
        await using var test = await TestHost.OpenAsync();
        test.Host.Capabilities.Protections.Select(protection => protection.Name).ShouldBe(["user", "view", "network", "seccomp", "limits"]);
        test.Host.Capabilities.Protections.Where(protection => protection.Name != "limits").ShouldAllBe(protection => protection.Holds && protection.Remedy == null);
        test.Host.Capabilities.Protections.ShouldAllBe(protection => protection.Holds == (protection.Remedy == null));
    }

    internal static Dictionary<string, string> Status(int process) =>
        File.ReadAllLines($"/proc/{process}/status").Select(line => line.Split(':', 2)).ToDictionary(parts => parts[0], parts => parts[1].Trim());

    private static string Namespace(int process, string kind) => File.ReadAllText($"/proc/{process}/status").Length > 0 ? new FileInfo($"/proc/{process}/ns/{kind}").LinkTarget! : "";

    private static string User(int thread) => Status(thread)["Uid"];

    private static string Name(int thread) => Status(thread)["Name"];

    /// <summary>Threads of this process that are still there when looked at.</summary>
    private static int[] Threads() => Directory.EnumerateDirectories("/proc/self/task")
        .Select(directory => int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture))
        .Where(thread => File.Exists($"/proc/{thread}/status"))
        .ToArray();
}
