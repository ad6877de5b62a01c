using System.Net.Sockets;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>The promises about the guest as a whole: its size, its memory, the machines it runs on, one file for each service.</summary>
[Trait("Group", "machines")]
public sealed class PlatformTests
{
    private const int ImageBytesMax = 100_000;

    [Theory]
    [InlineData(MachineType.Microvm, NicModel.VirtioMmio)]
    [InlineData(MachineType.Q35, NicModel.VirtioPci)]
    [InlineData(MachineType.Pc, NicModel.VirtioPci)]
    public async Task With_4_MiB_it_gives_a_large_body_back_on_every_kind_of_machine_and_goes_without_a_trace(MachineType type, NicModel nic)
    {
        await using var test = await TestHost.OpenAsync();
        var machine = test.Host.Start(test.Order(GuestImage.Of(await GuestImage.KernelAsync(), platform: new MachinePlatform(type, nic))));
        var ready = await machine.Started.WaitAsync(TestHost.Patience);
        ready.State.ShouldBe(MachineState.Ready, ready.FailureDetail);
        var body = new byte[200 * 1024];
        new Random(4).NextBytes(body);

        await using (var client = new RawClient((NetworkStream)await test.Host.ConnectAsync(ready.Address, CancellationToken.None)))
        {
            await client.SendAsync($"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {body.Length}\r\n\r\n");
            var sending = client.SendAsync(body);
            (await client.ReadAnswerAsync()).Body.AsSpan().SequenceEqual(body).ShouldBeTrue();
            await sending;
            (await GuestMachine.HealthAsync(client)).MemoryTotalBytes.ShouldBeLessThanOrEqualTo(4 << 20);
        }

        (await machine.StopAsync().WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Gone);
        test.Processes().ShouldBeEmpty();
        Directory.Exists(test.Files.DirectoryOf(ready.Id)).ShouldBeFalse();
        await TestHost.UntilAsync(() => test.TapsAsync().Result.Length == 0, () => "a tap is left");
        await test.Host.DisposeAsync();
        test.NamespaceExists().ShouldBeFalse();
    }

    [Fact]
    public async Task Each_service_is_an_image_of_its_own_below_100_KB_and_machines_of_both_run_beside_each_other()
    {
        await using var test = await TestHost.OpenAsync();
        var seen = new Dictionary<string, string>();
        foreach (var (service, address) in new[] { ("primes", 0), ("echo", 1) })
        {
            var kernel = await GuestImage.KernelAsync(service);
            new FileInfo(kernel).Length.ShouldBeLessThan(ImageBytesMax);
            var machine = test.Host.Start(test.Order(GuestImage.Of(kernel), address));
            (await machine.Started.WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Ready);
            await using var client = new RawClient((NetworkStream)await test.Host.ConnectAsync(machine.Snapshot.Address, CancellationToken.None));
            var health = await GuestMachine.HealthAsync(client);
            health.Service.ShouldBe(service);
            health.Image.ShouldStartWith(service + "-");
            seen.Add(service, health.Image);
            (await client.AskAsync("GET /primes?n=10 HTTP/1.1\r\nHost: test\r\n\r\n")).Headers.ContainsKey("Echo-Target").ShouldBe(service == "echo");
        }

        test.Host.Machines.Count.ShouldBe(2);
        seen.Values.Distinct().Count().ShouldBe(2);
    }
}
