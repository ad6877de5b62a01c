namespace Pleiad.Gateway.Transport;

/// <summary>Bounds of the connections to machines.</summary>
public sealed class MachineTransportOptions
{
    /// <summary>Longest time to open a connection; then the request goes elsewhere, as nothing of it was sent.</summary>
    /// <value>3 s by default (one repeated SYN); from 1 ms to 1 min.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Longest wait for <c>100 Continue</c> before the body is sent all the same.</summary>
    /// <value>1 s by default; from 0 to 1 min.</value>
    public TimeSpan ContinueTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Largest head (status line and headers) of a machine's answer, and largest trailer, in bytes.</summary>
    /// <value>64 KiB by default; from 1 KiB to 1 MiB.</value>
    public int HeadBytesMax { get; set; } = 64 << 10;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ConnectTimeout, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(ContinueTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ContinueTimeout, TimeSpan.FromMinutes(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(HeadBytesMax, 1 << 10);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(HeadBytesMax, 1 << 20);
    }
}
