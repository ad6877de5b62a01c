using System.Text;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Guests;
using Shouldly;
using Xunit;
using Eventually = Pleiad.TestKit.Eventually;
using TinyKernel = Pleiad.TestKit.TinyKernel;

namespace Pleiad.Machines.Tests.Hosting;

[Trait("Group", "machines")]
public sealed class MachineLifeTests
{
    [Theory]
    [InlineData(MachineType.Microvm, NicModel.VirtioMmio)]
    [InlineData(MachineType.Pc, NicModel.VirtioPci)]
    [InlineData(MachineType.Q35, NicModel.VirtioPci)]
    public async Task A_multiboot_kernel_boots_too(MachineType type, NicModel nic)
    {
        await using var test = await TestHost.OpenAsync();
        var kernel = TinyKernel.ThatHangsByMultiboot(test.Scratch, "tiny: begun by multiboot");
        var machine = test.Host.Start(test.Order(GuestImage.Of(kernel, platform: new MachinePlatform(type, nic))));
        await Eventually.BecomesTrueAsync(() => test.Host.OpenLog(machine.Snapshot.Id) is not null && test.Log(machine).Contains("tiny: begun by multiboot"), TestHost.Patience, () => test.Log(machine));
        (await machine.StopAsync()).State.ShouldBe(MachineState.Gone);
    }

    [Theory]
    [InlineData(NetworkMode.Namespace)]
    [InlineData(NetworkMode.User)]
    public async Task A_machine_starts_answers_and_leaves_nothing_but_its_log(NetworkMode network)
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = network);
        test.Host.Capabilities.Network.ShouldBe(network);
        var machine = await test.StartReadyAsync();
        var ready = machine.Snapshot;

        ready.Start.ShouldNotBeNull().Duration.ShouldBeGreaterThan(TimeSpan.Zero);
        ready.Start.Way.ShouldBe(StartMode.Cold);
        ready.LastContact.ShouldNotBeNull();
        ready.Guest.ShouldNotBeNull().MemoryTotalBytes.ShouldBeGreaterThan(0);
        test.Processes().ShouldHaveSingleItem().Process.Id.ShouldBe(ready.ProcessId!.Value);
        (await AskAsync(test.Host, ready.Address)).ShouldStartWith("HTTP/1.1 200");

        var gone = await machine.StopAsync().WaitAsync(TestHost.Patience);

        gone.State.ShouldBe(MachineState.Gone);
        gone.ProcessId.ShouldBeNull();
        test.Processes().ShouldBeEmpty();
        test.Host.Machines.ShouldBeEmpty();
        Directory.Exists(test.Files.DirectoryOf(ready.Id)).ShouldBeFalse();
        test.Log(machine).ShouldContain("pleiad");
        if (network == NetworkMode.Namespace)
        {
            await TestHost.UntilAsync(() => test.TapsAsync().Result.Length == 0, () => "a tap is left");
        }

        await test.Host.DisposeAsync();
        test.Logged.ShouldNotContain(line => line.Contains("did not end by", StringComparison.Ordinal), "QMP's quit is enough");
        test.Logged.ShouldAllBe(line => line.StartsWith("Information", StringComparison.Ordinal));
        test.NamespaceExists().ShouldBeFalse();
        Directory.EnumerateDirectories(test.Options.Directory).Select(Path.GetFileName).ShouldBe(["logs"]);
    }

    [Fact]
    public async Task The_same_image_answers_at_its_own_port()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = test.Host.Start(test.Order(await GuestImage.GetAsync(port: 9090)));
        var ready = await machine.Started.WaitAsync(TestHost.Patience);

        ready.Address.ShouldBe(test.Host.Addresses[0] with { Port = 9090 });
        (await AskAsync(test.Host, ready.Address)).ShouldStartWith("HTTP/1.1 200");
    }

    [Theory]
    [InlineData(MachineType.Q35)]
    [InlineData(MachineType.Pc)]
    public async Task A_machine_with_a_PCI_card_starts_on_the_usual_chipsets(MachineType type)
    {
        await using var test = await TestHost.OpenAsync();
        var image = GuestImage.Of(await GuestImage.KernelAsync(), platform: new MachinePlatform(type, NicModel.VirtioPci));
        var machine = test.Host.Start(test.Order(image with { Manifest = image.Manifest with { MemoryBytes = 16 << 20 } }));

        (await machine.Started.WaitAsync(TestHost.Patience)).FailureDetail.ShouldBeNull();
        machine.Snapshot.State.ShouldBe(MachineState.Ready);
    }

    [Fact]
    public async Task Five_machines_start_at_once_two_at_a_time()
    {
        await using var test = await TestHost.OpenAsync(options => options.StartsMax = 2);
        var image = await GuestImage.GetAsync();
        var machines = Enumerable.Range(0, 5).Select(i => test.Host.Start(test.Order(image, i))).ToArray();
        await Task.WhenAll(machines.Select(machine => machine.Started)).WaitAsync(TestHost.Patience);

        machines.ShouldAllBe(machine => machine.Snapshot.State == MachineState.Ready);
        machines.Select(machine => machine.Snapshot.Address).Distinct().Count().ShouldBe(5);
        test.Processes().Count.ShouldBe(5);
        (await test.TapsAsync()).Length.ShouldBe(5);

        await test.Host.DisposeAsync();
        machines.ShouldAllBe(machine => machine.Snapshot.State == MachineState.Gone);
        test.Processes().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_that_never_answers_times_out_and_is_gone()
    {
        await using var test = await TestHost.OpenAsync();
        var image = GuestImage.Of(TinyKernel.ThatHangs(test.Scratch, "tiny: I say nothing more"));
        var machine = test.Host.Start(test.Order(image, startTimeout: TimeSpan.FromSeconds(2)));
        var failed = await machine.Ended.WaitAsync(TestHost.Patience);

        failed.Failure.ShouldBe(MachineFailure.StartTimedOut);
        failed.FailureDetail.ShouldNotBeNull().ShouldContain("tiny: I say nothing more");
        (await machine.Started).State.ShouldBe(MachineState.Failed);
        AssertNothingLeft(test, failed.Id);
    }

    [Fact]
    public async Task A_guest_that_ends_before_its_first_answer_is_noticed_at_once_with_its_last_words()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = test.Host.Start(test.Order(GuestImage.Of(TinyKernel.ThatEnds(test.Scratch))));
        var failed = await machine.Ended.WaitAsync(TestHost.Patience);

        failed.Failure.ShouldBe(MachineFailure.StartFailed);
        failed.FailureDetail.ShouldNotBeNull().ShouldContain("exit status 0");
        failed.FailureDetail.ShouldContain("tiny: panic: the end");
        AssertNothingLeft(test, failed.Id);
    }

    [Fact]
    public async Task A_machine_whose_process_is_killed_has_died_with_its_last_line()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = await test.StartReadyAsync();
        Kill(machine, ProcessCalls.SigKill);
        var failed = await machine.Ended.WaitAsync(TestHost.Patience);

        failed.Failure.ShouldBe(MachineFailure.Died);
        failed.FailureDetail.ShouldNotBeNull().ShouldContain("killed by signal 9");
        failed.FailureDetail.ShouldContain("pleiad");
        AssertNothingLeft(test, failed.Id);
    }

    [Fact]
    public async Task A_machine_that_is_frozen_hangs_and_is_killed()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = await test.StartReadyAsync(hangTimeout: TimeSpan.FromSeconds(1));
        Kill(machine, signal: 19); // SIGSTOP
        var failed = await machine.Ended.WaitAsync(TestHost.Patience);

        failed.Failure.ShouldBe(MachineFailure.Hung);
        AssertNothingLeft(test, failed.Id);
    }

    [Fact]
    public async Task A_machine_that_answers_does_not_hang_though_checks_are_rarer_than_its_hang_timeout_allows()
    {
        await using var test = await TestHost.OpenAsync(options => options.HealthInterval = TimeSpan.FromMinutes(1));
        var machine = await test.StartReadyAsync(hangTimeout: TimeSpan.FromSeconds(3));
        var contact = machine.Snapshot.LastContact!.Value;
        await TestHost.UntilAsync(() => machine.Snapshot.LastContact > contact.AddSeconds(4), () => machine.Snapshot.ToString());

        machine.Snapshot.State.ShouldBe(MachineState.Ready);
    }

    [Fact]
    public async Task A_frozen_machine_is_stopped_by_force()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = await test.StartReadyAsync();
        Kill(machine, signal: 19);
        var gone = await machine.StopAsync().WaitAsync(TestHost.Patience);

        gone.State.ShouldBe(MachineState.Gone);
        AssertNothingLeft(test, gone.Id);
    }

    [Fact]
    public async Task A_stop_while_it_starts_ends_it_before_it_is_ready()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = test.Host.Start(test.Order(GuestImage.Of(TinyKernel.ThatHangs(test.Scratch))));
        await TestHost.UntilAsync(() => machine.Snapshot.ProcessId is not null, () => machine.Snapshot.ToString());
        var gone = await machine.StopAsync().WaitAsync(TestHost.Patience);

        gone.State.ShouldBe(MachineState.Gone);
        (await machine.Started).State.ShouldBe(MachineState.Gone);
        AssertNothingLeft(test, gone.Id);
    }

    [Fact]
    public async Task A_machine_that_waits_for_its_turn_is_gone_at_once_when_stopped_and_its_address_is_free()
    {
        await using var test = await TestHost.OpenAsync(options => options.StartsMax = 1);
        var image = GuestImage.Of(TinyKernel.ThatHangs(test.Scratch));
        var first = test.Host.Start(test.Order(image));
        var second = test.Host.Start(test.Order(image, 1));
        await TestHost.UntilAsync(() => first.Snapshot.State == MachineState.Starting, () => first.Snapshot.ToString());
        second.Snapshot.State.ShouldBe(MachineState.Reserved);
        Should.Throw<ArgumentException>(() => test.Host.Start(test.Order(image, 1))).Message.ShouldContain(second.Snapshot.Id.Value);

        (await second.StopAsync().WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Gone);

        test.Host.Start(test.Order(image, 1)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_drained_machine_goes_on_answering_until_it_is_stopped()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = await test.StartReadyAsync();
        machine.Drain();
        await TestHost.UntilAsync(() => machine.Snapshot.State == MachineState.Draining, () => machine.Snapshot.ToString());
        var contact = machine.Snapshot.LastContact;
        await TestHost.UntilAsync(() => machine.Snapshot.LastContact > contact, () => machine.Snapshot.ToString());

        (await machine.StopAsync().WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Gone);
    }

    [Fact]
    public async Task Usage_and_the_guests_own_report_are_told()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = await test.StartReadyAsync();
        await TestHost.UntilAsync(() => machine.Snapshot.Usage.ResidentBytes > 1 << 20, () => machine.Snapshot.ToString());

        machine.Snapshot.Guest.ShouldNotBeNull().MemoryTotalBytes.ShouldBeInRange(1 << 20, 4 << 20);
    }

    [Fact]
    public async Task The_log_of_a_flooding_guest_stays_bounded_and_keeps_the_newest()
    {
        await using var test = await TestHost.OpenAsync(options => options.LogBytesMax = 16 * 1024);
        var machine = test.Host.Start(test.Order(GuestImage.Of(TinyKernel.ThatFloods(test.Scratch))));
        var log = new FileInfo(test.Files.LogOf(machine.Snapshot.Id));
        var largest = 0L;
        var shrunk = 0;
        var last = 0L;
        var empty = false;
        await TestHost.UntilAsync(
            () =>
            {
                log.Refresh();
                var length = log.Exists ? log.Length : 0;
                largest = Math.Max(largest, length);
                shrunk += length < last ? 1 : 0;
                empty |= last > 0 && length == 0;
                last = length;
                return shrunk >= 3;
            },
            () => $"{shrunk} times shrunk, largest {largest}");

        largest.ShouldBeInRange(16 * 1024, 16 * 1024 * SerialLog.HardFactor);
        empty.ShouldBeFalse();
        machine.Snapshot.State.ShouldBe(MachineState.Starting);
        test.Log(machine).ShouldContain("tiny: a line of a flood that does not end");
        await machine.StopAsync().WaitAsync(TestHost.Patience);
    }

    [Fact]
    public async Task Only_so_many_logs_of_ended_machines_are_kept()
    {
        await using var test = await TestHost.OpenAsync(options => options.LogsKeptMax = 2);
        var image = GuestImage.Of(TinyKernel.ThatEnds(test.Scratch));
        for (var i = 0; i < 4; i++)
        {
            await test.Host.Start(test.Order(image)).Ended.WaitAsync(TestHost.Patience);
        }

        Directory.GetFiles(test.Files.Logs).Length.ShouldBe(2);
    }

    private static void Kill(IMachine machine, int signal) => ProcessCalls.Kill(machine.Snapshot.ProcessId!.Value, signal).ShouldBe(0);

    private static void AssertNothingLeft(TestHost test, MachineId machine)
    {
        test.Processes().ShouldBeEmpty();
        test.Host.Machines.ShouldBeEmpty();
        Directory.Exists(test.Files.DirectoryOf(machine)).ShouldBeFalse();
    }

    private static async Task<string> AskAsync(MachineHost host, MachineAddress address)
    {
        await using var stream = await host.ConnectAsync(address, CancellationToken.None);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(TestHost.Patience);
    }
}
