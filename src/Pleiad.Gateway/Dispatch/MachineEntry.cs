using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Dispatch;

/// <summary>One machine of a <see cref="Dispatcher"/>; every member is used under its lock.</summary>
internal sealed class MachineEntry(Dispatcher owner, MachineId id, MachineAddress address, int slots, long age, long added)
{
    /// <summary>Slots given back, the last one on top: it is used again first, so that few connections stay warm.</summary>
    private int[] _returned = new int[Math.Min(slots, 4)];

    private int _returnedCount;

    /// <summary>Slots from here on were never used.</summary>
    private int _unused;

    public Dispatcher Owner { get; } = owner;

    public MachineId Id { get; } = id;

    public MachineAddress Address { get; } = address;

    /// <summary>May change while it works; after a smaller number fewer new leases are given until as many are back.</summary>
    public int Slots { get; set; } = slots;

    /// <summary>Position in the order of arrival.</summary>
    public long Age { get; } = age;

    /// <summary>Timestamp of the last release, or of the arrival.</summary>
    public long LastReleased { get; set; } = added;

    public int InUse { get; private set; }

    /// <summary>Position in <see cref="MachineHeap"/>, -1 when it is not there.</summary>
    public int HeapIndex { get; set; } = -1;

    /// <summary>Completes when the machine drains and its last lease is back; null until it drains.</summary>
    public TaskCompletionSource? Drained { get; set; }

    public bool Removed { get; set; }

    /// <summary>Timestamp until which it gets no new work, or null.</summary>
    public long? SuspendedUntil { get; set; }

    public bool TakesWork => InUse < Slots && Drained is null && SuspendedUntil is null && !Removed;

    public int Take()
    {
        InUse++;
        return _returnedCount > 0 ? _returned[--_returnedCount] : _unused++;
    }

    public void Return(int slot)
    {
        if (_returnedCount == _returned.Length)
        {
            Array.Resize(ref _returned, _returned.Length * 2);
        }

        _returned[_returnedCount++] = slot;
        InUse--;
    }
}
