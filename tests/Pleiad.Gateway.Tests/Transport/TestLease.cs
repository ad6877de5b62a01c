using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;

namespace Pleiad.Gateway.Tests.Transport;

internal sealed class TestLease(MachineId machine, MachineAddress address, int slot) : ISlotLease
{
    public MachineId Machine => machine;

    public MachineAddress Address => address;

    public int Slot => slot;

    public void Dispose()
    {
    }
}
