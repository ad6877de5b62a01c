using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Transport;

/// <summary>The links to one machine's slots, made as they are used.</summary>
internal sealed class MachineLinks(IMachineConnector connector, MachineAddress address, MachineTransportOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private SlotLink?[] _links = [];
    private bool _closed;

    public SlotLink Link(int slot)
    {
        var links = Volatile.Read(ref _links);
        return slot < links.Length && Volatile.Read(ref links[slot]) is { } link ? link : AddLink(slot);
    }

    /// <summary>Closes every connection and refuses new ones.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var link in _links)
            {
                link?.Close();
            }
        }
    }

    private SlotLink AddLink(int slot)
    {
        lock (_gate)
        {
            if (slot >= _links.Length)
            {
                var larger = _links;
                Array.Resize(ref larger, Math.Max(slot + 1, _links.Length * 2));
                Volatile.Write(ref _links, larger);
            }

            if (_links[slot] is { } present)
            {
                return present;
            }

            var link = new SlotLink(connector, address, options, time);
            if (_closed)
            {
                link.Close();
            }

            Volatile.Write(ref _links[slot], link);
            return link;
        }
    }
}
