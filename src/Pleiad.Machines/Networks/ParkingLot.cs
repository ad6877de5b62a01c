using Pleiad.Core.Identity;

namespace Pleiad.Machines.Networks;

/// <summary>Addresses beside the pool, for machines that belong to nobody yet: templates while they boot, and spares.</summary>
internal sealed class ParkingLot(IEnumerable<MachineAddress> addresses)
{
    private readonly Queue<MachineAddress> _free = new(addresses);
    private readonly Lock _gate = new();

    /// <summary>Takes the one that has been free for longest, so that late packets for its last holder meet nobody.</summary>
    /// <exception cref="IOException">All are taken.</exception>
    public MachineAddress Take()
    {
        lock (_gate)
        {
            return _free.TryDequeue(out var address) ? address : throw new IOException("no address is left for a spare machine; lower 'spares'");
        }
    }

    public void Return(MachineAddress address)
    {
        lock (_gate)
        {
            _free.Enqueue(address);
        }
    }
}
