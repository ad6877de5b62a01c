using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Transport;

namespace Pleiad.Gateway.Tests;

/// <summary>Connects over the loopback interface, where test machines listen.</summary>
internal sealed class LoopbackConnector : IMachineConnector
{
    public async ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Ip, address.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
