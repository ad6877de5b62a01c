using System.Collections.Concurrent;
using System.Net;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Dispatch;

/// <summary>The dispatcher under many threads and the real clock; what must hold at every moment is counted by the holders of the leases themselves.</summary>
public sealed class DispatcherStressTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Under_contention_no_slot_is_given_twice_none_is_lost_and_every_ask_ends_once()
    {
        const int Workers = 32;
        const int AsksPerWorker = 3_000;
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var dispatcher = new Dispatcher("s", new DispatcherOptions(20, TimeSpan.FromMilliseconds(3)), TimeProvider.System);
        var slots = new ConcurrentDictionary<(MachineId, int), int>();
        var outcomes = new ConcurrentDictionary<string, int>();
        var ids = Enumerable.Range(0, 4).Select(_ => MachineId.New()).ToArray();
        foreach (var id in ids)
        {
            dispatcher.AddMachine(id, new MachineAddress(IPAddress.Loopback, 1), 2);
        }

        using var ended = new CancellationTokenSource();
        var churn = Task.Run(() => ChurnAsync(dispatcher, seed, ended.Token));
        var watch = Task.Run(() => Watch(dispatcher, ended.Token));
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => WorkAsync(new Random(seed + worker)))));
        await ended.CancelAsync();
        await churn;
        await watch;

        var view = dispatcher.Observe();
        output.WriteLine(string.Join(", ", outcomes.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}")));
        outcomes.Values.Sum().ShouldBe(Workers * AsksPerWorker);
        view.InFlight.ShouldBe(0);
        view.Waiting.ShouldBe(0);
        view.Granted.ShouldBe(outcomes["Granted"]);
        view.QueueFull.ShouldBe(outcomes.GetValueOrDefault("QueueFull"));
        view.DeadlinePassed.ShouldBe(outcomes.GetValueOrDefault("DeadlinePassed"));
        slots.Values.ShouldAllBe(holders => holders == 0);

        async Task WorkAsync(Random random)
        {
            for (var ask = 0; ask < AsksPerWorker; ask++)
            {
                using var gone = new CancellationTokenSource();
                var asked = dispatcher.AcquireAsync(random.Next(8) == 0 ? WorkKind.Job : WorkKind.Request, gone.Token);
                if (random.Next(3) == 0)
                {
                    // Races with grants and with the deadline.
                    _ = Task.Run(gone.Cancel, CancellationToken.None);
                }

                string outcome;
                try
                {
                    var result = await asked;
                    outcome = result.Outcome.ToString();
                    if (result.Lease is { } lease)
                    {
                        slots.AddOrUpdate((lease.Machine, lease.Slot), 1, (_, holders) => holders + 1).ShouldBe(1);
                        if (random.Next(4) == 0)
                        {
                            await Task.Yield();
                        }

                        slots.AddOrUpdate((lease.Machine, lease.Slot), 0, (_, holders) => holders - 1).ShouldBe(0);
                        lease.Dispose();
                    }
                }
                catch (OperationCanceledException)
                {
                    outcome = "Cancelled";
                }

                outcomes.AddOrUpdate(outcome, 1, (_, count) => count + 1);
            }
        }
    }

    /// <summary>Machines come, pause, drain and go meanwhile; the first four stay.</summary>
    private static async Task ChurnAsync(Dispatcher dispatcher, int seed, CancellationToken ended)
    {
        var random = new Random(seed - 1);
        while (!ended.IsCancellationRequested)
        {
            var id = MachineId.New();
            dispatcher.AddMachine(id, new MachineAddress(IPAddress.Loopback, 1), random.Next(1, 4));
            await Task.Yield();
            if (random.Next(2) == 0)
            {
                dispatcher.Suspend(id, TimeSpan.FromMilliseconds(1));
            }

            if (random.Next(2) == 0)
            {
                await dispatcher.DrainAsync(id).WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
                dispatcher.Observe().Machines.Single(machine => machine.Machine == id).InUse.ShouldBe(0);
            }

            dispatcher.RemoveMachine(id);
        }
    }

    private static void Watch(Dispatcher dispatcher, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            var view = dispatcher.Observe();
            view.Machines.ShouldAllBe(machine => machine.InUse >= 0 && machine.InUse <= machine.Slots);
            view.InFlight.ShouldBe(view.Machines.Sum(machine => machine.InUse));
        }
    }
}
