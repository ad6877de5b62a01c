using System.Net.Sockets;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>Linux machines with the shipped init, built as 'pleiad image build' does.</summary>
[Trait("Group", "machines")]
public sealed class LinuxMachineTests
{
    [Fact]
    public async Task What_the_image_says_arrives_in_the_machine_and_the_status_of_the_service_in_its_log()
    {
        await using var test = await TestHost.OpenAsync();
        var image = await LinuxImage.BuildAsync(test.Scratch, new LinuxBuildOrder
        {
            Name = "probe",
            Source = await LinuxImage.ProbeAsync(),
            Command = ["/service", "--flag", "two words"],
            MemoryBytes = 192 << 20,
            Vcpus = 2,
            Port = 81,
            Arguments = "loglevel=3 my.word=7",
            Environment = new ServiceEnvironment(new Dictionary<string, string> { ["MODE"] = "very fast; $(x) é", ["PATH"] = "/mine" }),
        });
        image.Manifest.Cloneable.ShouldBeTrue();
        var machine = await StartAsync(test, image);

        (await AskAsync(test, machine, "/environment")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order().ShouldBe(["HOME=/", "MODE=very fast; $(x) é", "PATH=/mine", "PORT=81"]);
        (await AskAsync(test, machine, "/arguments")).ShouldBe("/service\n--flag\ntwo words\n");
        (await AskAsync(test, machine, "/user")).ShouldBe("1000 1000 2 bound\n");
        (await AskAsync(test, machine, "/file?/proc/cmdline")).ShouldContain(" loglevel=3 my.word=7");
        long.Parse((await AskAsync(test, machine, "/file?/proc/meminfo")).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]).ShouldBeInRange(100 << 10, 192 << 10);
        (await AskAsync(test, machine, "/file?/init")).ShouldBe("error\n", "what the init does not need any more takes no memory");
        (await AskAsync(test, machine, "/write?/etc/x?no")).ShouldBe("error\n", "the service is not root");
        (await AskAsync(test, machine, "/write?/tmp/x?yes")).ShouldBe("written\n");
        (await AskAsync(test, machine, "/file?/tmp/x")).ShouldBe("yes");
        (await AskAsync(test, machine, "/say?hello%20log")).ShouldBe("said\n");
        await TestHost.UntilAsync(() => test.Log(machine).Contains("\nhello%20log\n"), () => test.Log(machine));

        await Should.ThrowAsync<IOException>(() => AskAsync(test, machine, "/exit?7"));
        var ended = await machine.Ended.WaitAsync(TestHost.Patience);

        ended.Failure.ShouldBe(MachineFailure.Died);
        ended.FailureDetail.ShouldNotBeNull().ShouldContain("pleiad: service exited status=7");
        test.Log(machine).ShouldContain("last words\npleiad: service exited status=7");
        test.Processes().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_service_that_ends_by_a_signal_or_cannot_be_run_ends_its_machine_and_says_so()
    {
        await using var test = await TestHost.OpenAsync();
        var root = Directory.CreateDirectory(Path.Combine(test.Scratch, "root")).FullName;
        File.Copy(await LinuxImage.ProbeAsync(), Path.Combine(root, "probe"));
        await File.WriteAllTextAsync(Path.Combine(root, "script"), "#!/bin/sh\n");
        File.SetUnixFileMode(Path.Combine(root, "script"), (UnixFileMode)0b111_101_101);
        var probe = await StartAsync(test, await LinuxImage.BuildAsync(test.Scratch, new LinuxBuildOrder { Name = "probe", Source = root, Command = ["/probe"] }));
        var script = test.Host.Start(test.Order(await LinuxImage.BuildAsync(test.Scratch, new LinuxBuildOrder { Name = "script", Source = root, Command = ["/script"] }), 1));

        await Should.ThrowAsync<IOException>(() => AskAsync(test, probe, "/abort"));
        (await probe.Ended.WaitAsync(TestHost.Patience)).FailureDetail.ShouldNotBeNull().ShouldContain("pleiad: service exited status=134 signal=6");
        var failed = await script.Started.WaitAsync(TestHost.Patience);
        failed.Failure.ShouldBe(MachineFailure.StartFailed);
        failed.FailureDetail.ShouldNotBeNull().ShouldContain("pleiad: service exited status=127");
        test.Log(script).ShouldContain("pleiad: /script: No such file or directory");
    }

    [Fact]
    public async Task Machines_of_a_disk_write_each_to_a_copy_of_its_own_that_goes_with_them()
    {
        await using var test = await TestHost.OpenAsync();
        var root = Directory.CreateDirectory(Path.Combine(test.Scratch, "root")).FullName;
        File.Copy(await LinuxImage.ProbeAsync(), Path.Combine(root, "server"));
        await File.WriteAllTextAsync(Path.Combine(root, "data"), "as it was");
        var disk = Path.Combine(test.Scratch, "root.ext4");
        await Programs.RunAsync(TestHost.Patience, "/usr/sbin/mke2fs", "-q", "-t", "ext4", "-d", root, disk, "32M");
        var image = await LinuxImage.BuildAsync(test.Scratch, new LinuxBuildOrder { Name = "disk", Disk = disk, Command = ["/server"], User = (0, 0) });
        (image.Manifest.Kind, image.Manifest.Cloneable).ShouldBe((ImageKind.Disk, false));
        var before = ImageDigest.OfFile(image.Manifest.Disk!);
        var started = await Task.WhenAll(StartAsync(test, image), StartAsync(test, image, 1));

        // More than the bound of a machine's log, which does not hold for its disk.
        (await AskAsync(test, started[0], $"/write?/data?{new string('x', 3000)}")).ShouldBe("written\n");
        (await AskAsync(test, started[0], "/file?/data")).Length.ShouldBe(3000);
        (await AskAsync(test, started[1], "/file?/data")).ShouldBe("as it was");
        (await AskAsync(test, started[0], "/file?/proc/mounts")).ShouldContain("/dev/vda / ext4 rw");
        foreach (var machine in started)
        {
            (await machine.StopAsync().WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Gone);
        }

        ImageDigest.OfFile(image.Manifest.Disk!).ShouldBe(before);
        var again = await StartAsync(test, image);
        (await AskAsync(test, again, "/file?/data")).ShouldBe("as it was");
    }

    private static async Task<IMachine> StartAsync(TestHost test, StoredImage image, int address = 0)
    {
        var machine = test.Host.Start(test.Order(image, address));
        var started = await machine.Started.WaitAsync(TestHost.Patience);
        started.State.ShouldBe(MachineState.Ready, started.FailureDetail);
        return machine;
    }

    /// <summary>Asks the probe over a connection of its own.</summary>
    /// <exception cref="IOException">It closed the connection without an answer.</exception>
    private static async Task<string> AskAsync(TestHost test, IMachine machine, string target)
    {
        await using var client = new RawClient((NetworkStream)await test.Host.ConnectAsync(machine.Snapshot.Address, CancellationToken.None));
        return (await client.AskAsync($"GET {target} HTTP/1.1\r\n\r\n")).Text;
    }
}
