using Pleiad.Core.Identity;
using Pleiad.Gateway.Transport;
using Pleiad.Machines.Hosting;

namespace Pleiad.Server.Hosting;

/// <summary>Lets gateway and jobs reach the machines of this host.</summary>
internal sealed class HostConnector(IMachineHost host) : IMachineConnector
{
    public ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation) => host.ConnectAsync(address, cancellation);
}
