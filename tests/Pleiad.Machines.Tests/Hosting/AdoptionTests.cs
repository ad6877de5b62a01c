using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Hosting;

[Trait("Group", "machines")]
public sealed class AdoptionTests
{
    [Theory]
    [InlineData(NetworkMode.Namespace)]
    [InlineData(NetworkMode.User)]
    public async Task Wanted_machines_of_a_killed_run_are_adopted_and_the_others_removed(NetworkMode network)
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = network);
        var kept = (await test.StartReadyAsync(0)).Snapshot;
        var unwanted = (await test.StartReadyAsync(1)).Snapshot;
        await test.Host.AbandonAsync();
        await test.ReopenAsync();

        var report = await test.Host.AdoptAsync(order => order.Id == kept.Id, CancellationToken.None).WaitAsync(TestHost.Patience);

        var adopted = report.Adopted.ShouldHaveSingleItem();
        adopted.Snapshot.Id.ShouldBe(kept.Id);
        adopted.Snapshot.State.ShouldBe(MachineState.Ready);
        adopted.Snapshot.Adopted.ShouldBeTrue();
        adopted.Snapshot.Address.ShouldBe(kept.Address);
        adopted.Snapshot.Start.ShouldBe(kept.Start);
        adopted.Snapshot.ProcessId.ShouldBe(kept.ProcessId);
        report.Removed.ShouldHaveSingleItem().ShouldContain(unwanted.Id.Value);
        test.Processes().ShouldHaveSingleItem().Machine.ShouldBe(kept.Id);

        var contact = adopted.Snapshot.LastContact;
        await TestHost.UntilAsync(() => adopted.Snapshot.LastContact > contact, () => adopted.Snapshot.ToString());
        var free = test.Host.Addresses.ToList().FindIndex(address => address.Equals(unwanted.Address));
        (await test.StartReadyAsync(free)).Snapshot.Address.ShouldBe(unwanted.Address);

        (await adopted.StopAsync().WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Gone);
    }

    [Fact]
    public async Task The_end_of_an_adopted_machine_is_noticed_at_once()
    {
        await using var test = await TestHost.OpenAsync(options => options.HealthInterval = TimeSpan.FromMinutes(1));
        var machine = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();
        await test.ReopenAsync();
        var adopted = (await test.Host.AdoptAsync(_ => true, CancellationToken.None)).Adopted.ShouldHaveSingleItem();

        ProcessCalls.Kill(machine.ProcessId!.Value, ProcessCalls.SigKill).ShouldBe(0);

        (await adopted.Ended.WaitAsync(TestHost.Patience)).Failure.ShouldBe(MachineFailure.Died);
    }

    [Fact]
    public async Task A_machine_that_does_not_answer_any_more_is_not_adopted_but_killed()
    {
        await using var test = await TestHost.OpenAsync();
        var frozen = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();
        ProcessCalls.Kill(frozen.ProcessId!.Value, 19).ShouldBe(0);
        await test.ReopenAsync();

        var report = await test.Host.AdoptAsync(_ => true, CancellationToken.None).WaitAsync(TestHost.Patience);

        report.Adopted.ShouldBeEmpty();
        report.Removed.ShouldHaveSingleItem().ShouldContain("does not answer");
        test.Processes().ShouldBeEmpty();
        test.Files.Present().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_process_whose_directory_is_gone_is_found_by_its_mark_and_killed()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();
        test.Files.Remove(machine.Id);
        await test.ReopenAsync();

        var report = await test.Host.AdoptAsync(_ => true, CancellationToken.None);

        report.Adopted.ShouldBeEmpty();
        report.Removed.ShouldHaveSingleItem().ShouldContain(machine.Id.Value);
        test.Processes().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_process_that_was_spawned_but_not_yet_recorded_is_killed()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();
        Edit(test, machine.Id, record => record.Remove("processId"));
        await test.ReopenAsync();

        var report = await test.Host.AdoptAsync(_ => true, CancellationToken.None);

        report.Adopted.ShouldBeEmpty();
        test.Processes().ShouldBeEmpty();
        test.Files.Present().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_record_whose_process_id_has_gone_to_a_stranger_is_removed_and_the_stranger_lives()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();
        ProcessCalls.Kill(machine.ProcessId!.Value, ProcessCalls.SigKill).ShouldBe(0);
        await TestHost.UntilAsync(() => test.Processes().Count == 0, () => "it still runs");
        using var stranger = Process.Start("sleep", "60");
        try
        {
            Edit(test, machine.Id, record =>
            {
                record["processId"] = stranger.Id;
                record["processStart"] = ProcessIdentity.Read(stranger.Id)!.Value.StartTicks;
            });
            await test.ReopenAsync();

            var report = await test.Host.AdoptAsync(_ => true, CancellationToken.None);

            report.Adopted.ShouldBeEmpty();
            report.Removed.ShouldHaveSingleItem().ShouldContain("its process has ended");
            test.Files.Present().ShouldBeEmpty();
            stranger.HasExited.ShouldBeFalse();
        }
        finally
        {
            stranger.Kill();
            await stranger.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task A_damaged_record_and_a_dead_machine_are_removed()
    {
        await using var test = await TestHost.OpenAsync();
        var damaged = MachineId.New();
        Directory.CreateDirectory(test.Files.DirectoryOf(damaged));
        await File.WriteAllTextAsync(test.Files.RecordOf(damaged), "{ \"form\": 1, ");
        var empty = MachineId.New();
        Directory.CreateDirectory(test.Files.DirectoryOf(empty));

        var report = await test.Host.AdoptAsync(_ => true, CancellationToken.None);

        report.Adopted.ShouldBeEmpty();
        report.Removed.Count.ShouldBe(2);
        test.Files.Present().ShouldBeEmpty();
    }

    [Fact]
    public async Task Machines_of_this_run_are_left_alone_by_adoption()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = await test.StartReadyAsync();

        var report = await test.Host.AdoptAsync(_ => false, CancellationToken.None);

        report.Adopted.ShouldBeEmpty();
        report.Removed.ShouldBeEmpty();
        machine.Snapshot.State.ShouldBe(MachineState.Ready);
    }

    [Fact]
    public async Task A_sweep_removes_everything_a_killed_run_left()
    {
        await using var test = await TestHost.OpenAsync();
        var machine = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();

        var removed = await MachineHost.SweepAsync(test.Options.Directory, test.Options.Namespace, TimeProvider.System, CancellationToken.None);

        removed.ShouldBe([$"machine {machine.Id}", $"network namespace {test.Options.Namespace}"]);
        test.Processes().ShouldBeEmpty();
        test.NamespaceExists().ShouldBeFalse();
        (await MachineHost.SweepAsync(test.Options.Directory, test.Options.Namespace, TimeProvider.System, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Machines_live_on_while_no_pleiad_runs_and_the_namespace_is_used_again()
    {
        await using var test = await TestHost.OpenAsync();
        var before = (await test.StartReadyAsync()).Snapshot;
        await test.Host.AbandonAsync();
        test.NamespaceExists().ShouldBeTrue();
        ProcessIdentity.Read(before.ProcessId!.Value).ShouldNotBeNull();
        await test.ReopenAsync();
        (await test.Host.AdoptAsync(_ => true, CancellationToken.None)).Adopted.Count.ShouldBe(1);

        await using var stream = await test.Host.ConnectAsync(before.Address, CancellationToken.None);
        await stream.WriteAsync(Encoding.ASCII.GetBytes("GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        (await reader.ReadToEndAsync().WaitAsync(TestHost.Patience)).ShouldStartWith("HTTP/1.1 200");
    }

    private static void Edit(TestHost test, MachineId machine, Action<JsonObject> change)
    {
        var path = test.Files.RecordOf(machine);
        var record = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(record);
        File.WriteAllText(path, record.ToJsonString());
    }
}
