using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;

namespace Pleiad.Gateway.Transport;

/// <summary>skeleton</summary>
public sealed class MachineTransport : IDisposable
{
    /// <summary>A transport without connections.</summary>
    public MachineTransport(IMachineConnector connector, MachineTransportOptions? options = null, TimeProvider? time = null) => throw new NotImplementedException();

    /// <summary>Sends over the lease's slot. Call once per lease (or once per request of a lease): the marks begin anew.</summary>
    public HttpMessageInvoker For(ISlotLease lease) => throw new NotImplementedException();

    /// <summary>Whether a byte of the lease's request may have reached the machine.</summary>
    public bool WasSent(ISlotLease lease) => throw new NotImplementedException();

    /// <summary>Whether a byte of an answer came.</summary>
    public bool WasAnswered(ISlotLease lease) => throw new NotImplementedException();

    /// <summary>Closes the machine's connections, those in use too.</summary>
    public void Forget(MachineId machine) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
