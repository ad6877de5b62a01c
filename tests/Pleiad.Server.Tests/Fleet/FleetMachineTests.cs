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
        machine.TryEnterService(() => { }, default);
        var wrong = new List<string>();
        using var round = new Barrier(2, _ =>
        {
            if (machine.Slots != Volatile.Read(ref wanted) || given != machine.Slots)
            {
                wrong.Add($"{wanted} are wanted, the machine has {machine.Slots}, the dispatcher {given}");
            }
        });
        void Resize(int pause) => machine.Resize(() => Wanted(pause), slots => given = slots);
        int Wanted(int pause)
        {
            var seen = Volatile.Read(ref wanted);
            Thread.SpinWait(pause); // Time for the other one to change it and to be done.
            return seen;
        }

        void Rounds(Action<int> turn)
        {
            for (var one = 0; one < 20_000; one++)
            {
                turn(one % 1_000);
                round.SignalAndWait();
            }
        }

        var starting = new Thread(() => Rounds(Resize));
        starting.Start();
        Rounds(_ =>
        {
            Interlocked.Increment(ref wanted);
            Resize(pause: 0);
        });
        starting.Join();
        wrong.ShouldBeEmpty();
    }
}
