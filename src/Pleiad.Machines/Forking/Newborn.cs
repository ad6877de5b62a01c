using System.Net.Sockets;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Forking;

/// <summary>A process that was forked and waits for its first word. Without it, it ends.</summary>
/// <param name="process">The process.</param>
/// <param name="socket">Where it waits; owned.</param>
internal sealed class Newborn(QemuProcess process, Socket socket) : IDisposable
{
    /// <summary>The process, which is the caller's.</summary>
    public QemuProcess Process { get; } = process;

    /// <summary>Lets it go on.</summary>
    /// <exception cref="IOException">It has ended.</exception>
    public void Go()
    {
        try
        {
            socket.Send(new byte[1]);
        }
        catch (SocketException e)
        {
            throw new IOException($"a clone's process ended before it began: {e.Message}", e);
        }
    }

    public void Dispose() => socket.Dispose();
}
