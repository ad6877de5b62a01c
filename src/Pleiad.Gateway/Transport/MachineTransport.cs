using System.Collections.Concurrent;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;

namespace Pleiad.Gateway.Transport;

/// <summary>
/// Sends requests to machines, one connection per slot. A slot serves one request at a time, so which bytes belong to which request is known exactly:
/// a request is never sent twice behind the caller's back, and <see cref="WasSent"/> says whether any byte of it may have reached the machine.
/// </summary>
/// <remarks>
/// An own HTTP/1.1 client stands behind it, because <see cref="SocketsHttpHandler"/> sends a whole HTTP/1.1 request before it reads the answer (so nothing
/// can stream both ways, and an early refusal of an upload is not seen), and repeats requests by itself when a kept-alive connection ends.
/// </remarks>
public sealed class MachineTransport : IDisposable
{
    /// <summary>Ids of forgotten machines that are remembered, so that a lease that is still out does not bring its machine back.</summary>
    private const int ForgottenMax = 4096;

    private readonly ConcurrentDictionary<MachineId, MachineLinks> _machines = new();
    private readonly Lock _forgetting = new();
    private readonly HashSet<MachineId> _forgotten = [];
    private readonly Queue<MachineId> _forgottenOrder = new();
    private readonly IMachineConnector _connector;
    private readonly MachineTransportOptions _options;
    private readonly TimeProvider _time;
    private bool _disposed;

    /// <summary>A transport without connections.</summary>
    /// <param name="connector">Opens them.</param>
    /// <param name="options">Bounds; the defaults when null.</param>
    /// <param name="time">Clock of the time limits; the system's when null.</param>
    public MachineTransport(IMachineConnector connector, MachineTransportOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(connector);
        _connector = connector;
        _options = options ?? new MachineTransportOptions();
        _options.Check();
        _time = time ?? TimeProvider.System;
    }

    /// <summary>
    /// Begins a request over the lease's slot: the marks that <see cref="WasSent"/> and <see cref="WasAnswered"/> read begin anew, and what an earlier
    /// request left unfinished on the slot is ended.
    /// </summary>
    /// <param name="lease">A lease that is held until the answer was read or disposed.</param>
    /// <returns>
    /// Sends one request, HTTP/1.1, to the path of its URI (the host in it only becomes the Host header when there is none); redirects, cookies and
    /// compression are left to the caller. It belongs to the transport; do not dispose it. It throws <see cref="MachineException"/> when the machine fails.
    /// </returns>
    public HttpMessageInvoker For(ISlotLease lease)
    {
        var link = LinkOf(lease);
        link.Begin();
        return link.Invoker;
    }

    /// <summary>Whether any byte of the request begun last over this lease may have reached the machine; false means that it surely did not.</summary>
    public bool WasSent(ISlotLease lease) => LinkOf(lease).Sent;

    /// <summary>Whether any byte of an answer to it came.</summary>
    public bool WasAnswered(ISlotLease lease) => LinkOf(lease).Answered;

    /// <summary>Closes the machine's connections, those in use too: their requests fail at once. Requests for it fail from now on as unreachable.</summary>
    public void Forget(MachineId machine)
    {
        MachineLinks? links;
        lock (_forgetting)
        {
            if (_forgotten.Add(machine))
            {
                _forgottenOrder.Enqueue(machine);
                if (_forgottenOrder.Count > ForgottenMax)
                {
                    _forgotten.Remove(_forgottenOrder.Dequeue());
                }
            }

            _machines.TryRemove(machine, out links);
        }

        links?.Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_forgetting)
        {
            _disposed = true;
        }

        foreach (var machine in _machines.Keys)
        {
            Forget(machine);
        }
    }

    internal SlotLink LinkOf(ISlotLease lease)
    {
        var links = _machines.TryGetValue(lease.Machine, out var known) ? known : Add(lease);
        return links.Link(lease.Slot);
    }

    private MachineLinks Add(ISlotLease lease)
    {
        lock (_forgetting)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var links = new MachineLinks(_connector, lease.Address, _options, _time);
            if (_forgotten.Contains(lease.Machine))
            {
                links.Close();
                return links;
            }

            return _machines.GetOrAdd(lease.Machine, links);
        }
    }
}
