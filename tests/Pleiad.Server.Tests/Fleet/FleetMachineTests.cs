using Pleiad.Core.Identity;
using Pleiad.Server.Fleet;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Fleet;

public sealed class FleetMachineTests
{
    [Fact]
    public void Slots_that_change_while_the_machine_enters_service_are_the_new_ones_in_the_end()
    {
        var machine = new FleetMachine(MachineId.New(), "digest", slots: 0, "reason", default);
        var (wanted, given) = (0, 0);
        machine.TryEnterService(() => { });
        var wrong = new List<string>();
        using var round = new Barrier(2, _ =>
        {
            if (machine.Slots != Volatile.Read(ref wanted) || given != machine.Slots)
            {
                wrong.Add($"{wanted} are wanted, the machine has {machine.Slots}, the dispatcher {given}");
            }
        });
        void Resize() => machine.Resize(Wanted, slots => given = slots);
        int Wanted()
        {
            var seen = Volatile.Read(ref wanted);
            Thread.SpinWait(200); // Time for the other to change it.
            return seen;
        }

        void Rounds(Action turn)
        {
            for (var one = 0; one < 20_000; one++)
            {
                turn();
                round.SignalAndWait();
            }
        }

        var starting = new Thread(() => Rounds(Resize));
        starting.Start();
        Rounds(() =>
        {
            Interlocked.Increment(ref wanted);
            Resize();
        });
        starting.Join();
        wrong.ShouldBeEmpty();
    }
}
