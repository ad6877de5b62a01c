using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Networks;

/// <summary>A tap device that lives as long as a descriptor of it is open: given to QEMU and closed here, it is gone when QEMU is, however that ended.</summary>
internal static unsafe class Tap
{
    /// <summary>Longest name of a network device, in bytes.</summary>
    public const int NameBytesMax = 15;

    private const int RequestBytes = 40; // struct ifreq
    private const ushort TapWithoutHeader = 0x0002 | 0x1000; // IFF_TAP | IFF_NO_PI
    private const ushort OffloadHeader = 0x4000; // IFF_VNET_HDR, which QEMU would ask for itself

    /// <summary>Makes a tap in the calling thread's namespace.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be made.</exception>
    public static SafeFileHandle Open(string name)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Encoding.ASCII.GetByteCount(name), NameBytesMax, nameof(name));
        var file = NetworkCalls.Open("/dev/net/tun", NetworkCalls.OpenReadWrite);
        try
        {
            var request = stackalloc byte[RequestBytes];
            new Span<byte>(request, RequestBytes).Clear();
            Encoding.ASCII.GetBytes(name, new Span<byte>(request, NameBytesMax));
            *(ushort*)(request + 16) = TapWithoutHeader | OffloadHeader;
            return NetworkCalls.Ioctl(file, NetworkCalls.TunSetInterface, request) == 0 ? file : throw NetworkCalls.Error($"cannot make the tap {name}");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
