using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Dispatch;

/// <summary>
/// The machines that take work, in a binary heap by slots in use and then by age. Each machine knows its position, so that a change of one
/// costs O(log n) without a search and without allocation.
/// </summary>
internal sealed class MachineHeap
{
    private MachineEntry[] _items = new MachineEntry[8];

    public int Count { get; private set; }

    /// <summary>The machine with the fewest slots in use, the oldest among equals; null when none takes work.</summary>
    public MachineEntry? First => Count > 0 ? _items[0] : null;

    /// <summary>As <see cref="First"/>, but the next best when that is <paramref name="avoid"/> and there is another.</summary>
    public MachineEntry? FirstBut(MachineId avoid)
    {
        if (Count < 2 || _items[0].Id != avoid)
        {
            return First;
        }

        // The second best of a heap is one of the root's two children.
        return Count > 2 && Before(_items[2], _items[1]) ? _items[2] : _items[1];
    }

    /// <summary>Puts the machine where it belongs now: in, out, or at another position.</summary>
    public void Settle(MachineEntry machine)
    {
        if (!machine.TakesWork)
        {
            Remove(machine);
            return;
        }

        if (machine.HeapIndex < 0)
        {
            if (Count == _items.Length)
            {
                Array.Resize(ref _items, Count * 2);
            }

            Place(machine, Count++);
        }

        if (!Rise(machine))
        {
            Sink(machine);
        }
    }

    private void Remove(MachineEntry machine)
    {
        var index = machine.HeapIndex;
        if (index < 0)
        {
            return;
        }

        machine.HeapIndex = -1;
        var last = _items[--Count];
        _items[Count] = null!;
        if (!ReferenceEquals(last, machine))
        {
            Place(last, index);
            if (!Rise(last))
            {
                Sink(last);
            }
        }
    }

    private bool Rise(MachineEntry machine)
    {
        var start = machine.HeapIndex;
        var index = start;
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (!Before(machine, _items[parent]))
            {
                break;
            }

            Place(_items[parent], index);
            index = parent;
        }

        Place(machine, index);
        return index != start;
    }

    private void Sink(MachineEntry machine)
    {
        var index = machine.HeapIndex;
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && Before(_items[child + 1], _items[child]))
            {
                child++;
            }

            if (!Before(_items[child], machine))
            {
                break;
            }

            Place(_items[child], index);
            index = child;
        }

        Place(machine, index);
    }

    private void Place(MachineEntry machine, int index)
    {
        _items[index] = machine;
        machine.HeapIndex = index;
    }

    private static bool Before(MachineEntry one, MachineEntry other) =>
        one.InUse != other.InUse ? one.InUse < other.InUse : one.Age < other.Age;
}
