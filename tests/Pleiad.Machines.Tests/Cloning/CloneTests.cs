using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;
using TinyKernel = Pleiad.TestKit.TinyKernel;

namespace Pleiad.Machines.Tests.Cloning;

[Trait("Group", "machines")]
public sealed class CloneTests
{
    private static readonly TimeSpan ClockErrorMax = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(StartMode.Clone, NetworkMode.Namespace)]
    [InlineData(StartMode.Resume, NetworkMode.Namespace)]
    [InlineData(StartMode.Clone, NetworkMode.User)]
    [InlineData(StartMode.Resume, NetworkMode.User)]
    public async Task Copies_of_one_template_share_neither_address_nor_chance_and_know_the_time(StartMode start, NetworkMode network)
    {
        await using var test = await WarmHost.OpenAsync(start, spares: 2, network);
        await test.SparesAsync(2);

        await ShouldDifferAsync(test, start, spares: 2, network);
    }

    [Theory]
    [InlineData(StartMode.Clone)]
    [InlineData(StartMode.Resume)]
    public async Task So_it_is_with_Linux(StartMode start)
    {
        await using var test = await WarmHost.OpenLinuxAsync(start, spares: 1);
        await test.SparesAsync(1);
        await ShouldDifferAsync(test, start, spares: 1, NetworkMode.Namespace);
    }

    [Fact]
    public async Task A_machine_ordered_where_its_spare_lives_stays_there_and_is_its_own_all_the_same()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 2);
        await test.SparesAsync(2);
        await ShouldDifferAtHomeAsync(test);
    }

    [Fact]
    public async Task So_it_is_with_Linux_at_home()
    {
        await using var test = await WarmHost.OpenLinuxAsync(StartMode.Resume, spares: 2);
        await test.SparesAsync(2);
        await ShouldDifferAtHomeAsync(test);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task At_home_the_first_question_goes_over_the_connection_that_proved_the_spare(bool linux)
    {
        await using var test = linux ? await WarmHost.OpenLinuxAsync(StartMode.Resume, spares: 1) : await WarmHost.OpenAsync(StartMode.Resume, spares: 1);
        await test.SparesAsync(1);
        var home = test.Homes.ShouldHaveSingleItem();
        var proven = (await test.ConnectionsAsync(home)).ShouldHaveSingleItem();

        var machine = await test.StartThereAsync(home, StartMode.Resume);

        machine.Snapshot.Start!.Way.ShouldBe(StartMode.Resume);
        (await test.ConnectionsAsync(home)).ShouldBe([proven]);
    }

    [Fact]
    public async Task A_spare_whose_home_another_machine_takes_comes_up_elsewhere_and_both_answer()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 1);
        await test.SparesAsync(1);
        var home = test.Homes.ShouldHaveSingleItem();
        var spare = test.Test.Processes().ShouldHaveSingleItem().Process.Id;

        var stranger = await test.StartThereAsync(home, StartMode.Cold);
        stranger.Snapshot.Start!.Way.ShouldBe(StartMode.Cold);
        test.Homes.ShouldBeEmpty();
        var evicted = await test.StartAsync(0);

        evicted.Snapshot.Start!.Way.ShouldBe(StartMode.Resume);
        evicted.Snapshot.Start.Note.ShouldBeNull();
        evicted.Snapshot.ProcessId.ShouldBe(spare);
        (await test.AskAsync(stranger)).Address.ShouldBe(home.Ip.ToString());
        (await test.AskAsync(evicted)).Address.ShouldBe(test.Test.Host.Addresses[0].Ip.ToString());

        // What the evicted one leaves behind must not be what leads to the other.
        await evicted.StopAsync().WaitAsync(TestHost.Patience);
        (await test.AskAsync(stranger)).Address.ShouldBe(home.Ip.ToString());
        var neighbours = await test.Test.NeighboursAsync();
        neighbours.ShouldContain(home.Ip.ToString());
        neighbours.ShouldNotContain(test.Test.Host.Addresses[0].Ip.ToString() + " ");
    }

    [Fact]
    public async Task A_machine_ordered_where_a_spare_is_being_proven_comes_up_and_the_template_stays()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 1);
        MachineAddress home = default;
        await TestHost.UntilAsync(() => test.HomesOfAll is [var found, ..] && (home = found) == found, () => "no spare has a home");

        var stranger = await test.StartThereAsync(home, StartMode.Cold);
        await test.SparesAsync(1);

        test.Notices.Where(notice => notice.Kind == HostNoticeKind.TemplateFailed).ShouldBeEmpty();
        (await test.AskAsync(stranger)).Address.ShouldBe(home.Ip.ToString());
        var resumed = await test.StartAsync(0);
        resumed.Snapshot.Start!.Way.ShouldBe(StartMode.Resume);
        (await test.AskAsync(resumed)).Address.ShouldBe(test.Test.Host.Addresses[0].Ip.ToString());
    }

    [Fact]
    public async Task A_machine_at_its_spare_s_home_is_adopted_and_ends_without_a_trace()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 1);
        await test.SparesAsync(1);
        var home = test.Homes[0];
        var kept = (await test.StartThereAsync(home, StartMode.Resume)).Snapshot;
        await test.SparesAsync(1);
        test.Homes.ShouldHaveSingleItem().ShouldNotBe(home);

        await test.Test.Host.AbandonAsync();
        await test.Test.ReopenAsync();
        var adopted = (await test.Test.Host.AdoptAsync(_ => true, CancellationToken.None)).Adopted.ShouldHaveSingleItem();
        adopted.Snapshot.Id.ShouldBe(kept.Id);
        (await test.AskAsync(adopted)).Address.ShouldBe(kept.Address.Ip.ToString());
        await adopted.StopAsync().WaitAsync(TestHost.Patience);
        test.Test.Processes().ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_all_addresses_have_machines_a_spare_is_proven_beside_the_pool()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 1, addresses: 2);
        await test.SparesAsync(1);
        var machines = new[] { await test.StartAsync(0), await test.StartAsync(1) };
        await test.SparesAsync(1);
        test.Homes.ShouldBeEmpty();

        await machines[0].StopAsync().WaitAsync(TestHost.Patience);
        var next = await test.StartAsync(0);
        next.Snapshot.Start!.Way.ShouldBe(StartMode.Resume);
        (await test.AskAsync(next)).Address.ShouldBe(test.Test.Host.Addresses[0].Ip.ToString());
    }

    [Fact]
    public async Task A_machine_that_boots_knows_the_time_too()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Cold, spares: 2);
        var machine = await test.StartAsync(0);
        machine.Snapshot.Start!.Way.ShouldBe(StartMode.Cold);
        (await test.AskAsync(machine)).Time.ShouldBe(TimeProvider.System.GetUtcNow(), TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_cloned_machine_lives_dies_and_goes_like_any_other()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 1);
        await test.SparesAsync(1);
        var first = await test.StartAsync(0);
        var second = await test.StartAsync(1);

        (await first.StopAsync().WaitAsync(TestHost.Patience)).State.ShouldBe(MachineState.Gone);
        System.Diagnostics.Process.GetProcessById(second.Snapshot.ProcessId!.Value).Kill();
        var end = await second.Ended.WaitAsync(TestHost.Patience);

        end.Failure.ShouldBe(MachineFailure.Died);
        test.Test.Log(second).ShouldContain($"pleiad: identity ip={second.Snapshot.Address.Ip}");
        await test.Test.Host.DisposeAsync();
        test.Test.Processes().ShouldBeEmpty();
        test.Test.NamespaceExists().ShouldBeFalse();
        Directory.EnumerateDirectories(test.Test.Options.Directory).Select(Path.GetFileName).ShouldBe(["logs"]);
        Directory.EnumerateFiles(test.Test.Files.Logs).Count().ShouldBe(2, "the logs of the two machines, none of spares");
    }

    [Fact]
    public async Task After_a_kill_a_cloned_machine_is_adopted_and_its_spares_are_removed()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 2);
        await test.SparesAsync(2);
        var kept = (await test.StartAsync(0)).Snapshot;
        await test.SparesAsync(2);

        await test.Test.Host.AbandonAsync();
        test.Test.Processes().Count.ShouldBe(3);
        await test.Test.ReopenAsync();
        var report = await test.Test.Host.AdoptAsync(_ => true, CancellationToken.None);

        var adopted = report.Adopted.ShouldHaveSingleItem();
        adopted.Snapshot.Id.ShouldBe(kept.Id);
        adopted.Snapshot.Start.ShouldBe(kept.Start);
        report.Removed.Count.ShouldBe(2);
        test.Test.Processes().ShouldHaveSingleItem().Process.Id.ShouldBe(kept.ProcessId!.Value);
        (await test.AskAsync(adopted)).Address.ShouldBe(kept.Address.Ip.ToString());
    }

    [Fact]
    public async Task Fifty_orders_at_once_all_come_up()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Auto, spares: 4, addresses: 64);
        await test.SparesAsync(4);

        var machines = Enumerable.Range(0, 50).Select(test.Start).ToArray();
        var seen = await Task.WhenAll(machines.Select(machine => machine.Started.WaitAsync(TestHost.Patience)));

        seen.ShouldAllBe(snapshot => snapshot.State == MachineState.Ready);
        seen.ShouldAllBe(snapshot => snapshot.Start!.Way != StartMode.Cold);
        (await Task.WhenAll(machines.Select(test.AskAsync))).Select(identity => identity.Random).ShouldBeUnique();
    }

    [Fact]
    public async Task A_spare_that_dies_is_replaced()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 1);
        await test.SparesAsync(1);
        var spare = test.Test.Processes().ShouldHaveSingleItem().Process;

        System.Diagnostics.Process.GetProcessById(spare.Id).Kill();
        await TestHost.UntilAsync(() => test.Test.Processes() is [var other] && other.Process.Id != spare.Id, () => $"{test.Test.Processes().Count} processes");
        await test.SparesAsync(1);

        (await test.StartAsync(0)).Snapshot.Start!.Way.ShouldBe(StartMode.Resume);
    }

    [Fact]
    public async Task An_image_that_ends_at_once_has_no_template_and_says_so()
    {
        await using var test = await TestHost.OpenAsync();
        var notices = new System.Collections.Concurrent.ConcurrentQueue<HostNotice>();
        test.Options.Noticed = notices.Enqueue;
        var image = GuestImage.Of(TinyKernel.ThatEnds(test.Scratch));
        test.Host.Prepare([new WarmImage(image with { Manifest = image.Manifest with { Cloneable = true } }, StartMode.Auto, 1)]);

        await TestHost.UntilAsync(() => !notices.IsEmpty, () => "no notice");
        notices.TryPeek(out var notice).ShouldBeTrue();
        notice!.Kind.ShouldBe(HostNoticeKind.TemplateFailed);
        notice.Reason.ShouldContain("QEMU ended before the first answer");
        notice.Reason.ShouldContain("machines of it start cold");
        test.Processes().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_not_wanted_any_more_goes()
    {
        await using var test = await WarmHost.OpenAsync(StartMode.Resume, spares: 3);
        await test.SparesAsync(3);
        test.Prepare(1);
        await TestHost.UntilAsync(() => test.Test.Processes().Count == 1, () => $"{test.Test.Processes().Count} processes");
        test.Test.Host.Prepare([]);
        await TestHost.UntilAsync(() => test.Test.Processes().Count == 0, () => $"{test.Test.Processes().Count} processes");
        await TestHost.UntilAsync(() => test.Test.TapsAsync().Result.Length == 0, () => "a tap is left");
    }

    private static async Task ShouldDifferAtHomeAsync(WarmHost test)
    {
        var homes = test.Homes;
        homes.Count.ShouldBe(2);
        var seen = new List<Identity>();
        foreach (var home in homes)
        {
            var machine = await test.StartThereAsync(home, StartMode.Resume);
            machine.Snapshot.Start!.Way.ShouldBe(StartMode.Resume);
            machine.Snapshot.Start.Note.ShouldBeNull();
            var log = test.Test.Log(machine);
            log.ShouldContain($"pleiad: identity ip={home.Ip}", Case.Sensitive, "it was told its address when it was proven");
            log.Split('\n').Count(line => line.TrimEnd('\r').EndsWith("pleiad: identity", StringComparison.Ordinal)).ShouldBeGreaterThan(0, "it is told the time when it goes on");
            var before = TimeProvider.System.GetUtcNow();
            var identity = await test.AskAsync(machine);
            identity.Time.ShouldBeInRange(before - ClockErrorMax, TimeProvider.System.GetUtcNow() + ClockErrorMax);
            identity.Address.ShouldBe(home.Ip.ToString());
            seen.Add(identity);
            seen.Add(await test.AskAsync(machine));
        }

        seen.Select(identity => identity.Random).ShouldBeUnique();
    }

    private static async Task ShouldDifferAsync(WarmHost test, StartMode start, int spares, NetworkMode network)
    {
        var seen = new List<Identity>();
        for (var i = 0; i < 4; i++)
        {
            var machine = await test.StartAsync(i);
            if (i < spares)
            {
                machine.Snapshot.Start!.Way.ShouldBe(start);
                machine.Snapshot.Start.Note.ShouldBeNull();
            }

            machine.Snapshot.Start!.Way.ShouldNotBe(StartMode.Cold, machine.Snapshot.Start.Note);
            var before = TimeProvider.System.GetUtcNow();
            var identity = await test.AskAsync(machine);
            var after = TimeProvider.System.GetUtcNow();
            identity.Time.ShouldBeInRange(before - ClockErrorMax, after + ClockErrorMax);
            if (network == NetworkMode.Namespace)
            {
                identity.Address.ShouldBe(machine.Snapshot.Address.Ip.ToString());
            }

            seen.Add(identity);
            seen.Add(await test.AskAsync(machine));
        }

        seen.Select(identity => identity.Random).ShouldBeUnique();
    }
}
