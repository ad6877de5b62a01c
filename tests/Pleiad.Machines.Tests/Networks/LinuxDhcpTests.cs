using System.Text;
using Pleiad.Machines.Checking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Networks;

/// <summary>Somebody else's DHCP client on somebody else's kernel: busybox on Debian's, which know nothing of Pleiad.</summary>
[Trait("Group", "machines")]
public sealed class LinuxDhcpTests
{
    [Theory]
    [InlineData(MachineType.Q35, NicModel.VirtioPci)]
    [InlineData(MachineType.Microvm, NicModel.VirtioMmio)]
    public async Task A_guest_gets_the_address_of_its_machine_and_keeps_it_over_a_killed_run(MachineType type, NicModel nic)
    {
        await using var test = await TestHost.OpenAsync();
        var image = await BusyboxImage.GetAsync(new MachinePlatform(type, nic));
        var machine = test.Host.Start(test.Order(image, address: 5));

        var started = await machine.Started.WaitAsync(TestHost.Patience);

        started.State.ShouldBe(MachineState.Ready, started.FailureDetail + test.Log(machine));
        started.Address.ToString().ShouldBe("10.77.0.7:8080");
        test.Log(machine).ShouldContain("dhcp: bound ip=10.77.0.7/16 router=10.77.0.1 dns=");
        (await AskAsync(test, started)).ShouldEndWith("well\n");

        await test.Host.AbandonAsync();
        await test.ReopenAsync();
        var report = await test.Host.AdoptAsync(_ => true, CancellationToken.None).WaitAsync(TestHost.Patience);

        report.Removed.ShouldBeEmpty();
        (await AskAsync(test, report.Adopted.ShouldHaveSingleItem().Snapshot)).ShouldEndWith("well\n");
    }

    [Fact]
    public async Task In_user_mode_QEMU_s_own_server_gives_the_address()
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = NetworkMode.User);
        var machine = test.Host.Start(test.Order(await BusyboxImage.GetAsync(new MachinePlatform(MachineType.Pc, NicModel.VirtioPci))));

        var started = await machine.Started.WaitAsync(TestHost.Patience);

        started.State.ShouldBe(MachineState.Ready, started.FailureDetail + test.Log(machine));
        test.Log(machine).ShouldContain("dhcp: bound ip=10.0.2.15/24");
    }

    [Fact]
    public async Task A_check_sees_that_the_address_came_by_DHCP_and_that_a_manifest_without_it_is_wrong()
    {
        var directory = Directory.CreateTempSubdirectory("plt-").FullName;
        try
        {
            var image = await BusyboxImage.GetAsync(new MachinePlatform(MachineType.Q35, NicModel.VirtioPci));
            var options = new ImageCheckOptions
            {
                Directory = Path.Combine(directory, "machines"),
                Namespace = Path.GetFileName(directory),
                CacheDirectory = Path.Combine(directory, "cache"),
                ProbeKernel = image.Manifest.Kernel,
                Accelerator = "tcg",
                Network = NetworkMode.Namespace,
                Starts = 1,
                MemorySearchTime = TimeSpan.Zero,
                Timeout = TestHost.Patience,
            };

            var good = await ImageCheck.RunAsync(image, options, new Progress<string>(), TimeProvider.System, CancellationToken.None);
            good.Works.ShouldBeTrue(good.Failure?.Summary);
            good.AddressBy.ShouldBe(AddressWay.Dhcp);
            good.Health.ShouldNotBeNull().Body.ShouldBe("well");

            options.Timeout = TimeSpan.FromSeconds(30);
            var bad = await ImageCheck.RunAsync(
                image with { Manifest = image.Manifest with { Address = "my.ip={ip}" } }, options, new Progress<string>(), TimeProvider.System, CancellationToken.None);
            bad.Works.ShouldBeFalse();
            bad.Failure!.Remedy.ShouldBe("give address: dhcp");
            bad.Failure.Log.ShouldContain(line => line.StartsWith("udhcpc: broadcasting discover", StringComparison.Ordinal));
            File.Exists(NamespaceNetwork.PathOf(options.Namespace)).ShouldBeFalse();
        }
        finally
        {
            await MachineHost.SweepAsync(Path.Combine(directory, "machines"), Path.GetFileName(directory), TimeProvider.System, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<string> AskAsync(TestHost test, MachineSnapshot machine)
    {
        await using var stream = await test.Host.ConnectAsync(machine.Address, CancellationToken.None);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /health HTTP/1.0\r\nHost: test\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TestHost.Patience);
    }
}
