using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Dispatch;

/// <summary>The lease that <see cref="Dispatcher"/> gives.</summary>
internal sealed class SlotLease(MachineEntry machine, int slot) : ISlotLease
{
    private int _ended;

    public MachineId Machine => machine.Id;

    public MachineAddress Address => machine.Address;

    public int Slot => slot;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            machine.Owner.Release(machine, slot);
        }
    }
}
