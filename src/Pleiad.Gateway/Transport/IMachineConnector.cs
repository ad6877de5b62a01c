using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Transport;

/// <summary>Opens connections to machines, which live in a network of their own. Owned by the gateway, implemented by whoever knows that network.</summary>
public interface IMachineConnector
{
    /// <summary>Opens a TCP connection, without Nagle's delay.</summary>
    /// <param name="address">The machine.</param>
    /// <param name="cancellation">Ends the attempt; the gateway bounds it by <see cref="MachineTransportOptions.ConnectTimeout"/>.</param>
    /// <returns>
    /// A stream that may be read and written at the same time, and whose disposal ends both at once, as <see cref="System.Net.Sockets.NetworkStream"/> does.
    /// </returns>
    /// <exception cref="System.Net.Sockets.SocketException">The machine does not answer.</exception>
    /// <exception cref="IOException">The machine does not answer, or is no longer there.</exception>
    ValueTask<Stream> ConnectAsync(MachineAddress address, CancellationToken cancellation);
}
