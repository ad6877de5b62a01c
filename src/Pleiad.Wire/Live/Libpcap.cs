using System.Runtime.InteropServices;

namespace Pleiad.Wire.Live;

/// <summary>The few functions of libpcap that a capture needs (Debian: libpcap0.8).</summary>
internal static unsafe partial class Libpcap
{
    public const int ErrorBytes = 256;
    public const int NanosecondPrecision = 1;
    private const string Library = "libpcap.so.0.8";

    [LibraryImport(Library, EntryPoint = "pcap_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Create(string source, Span<byte> error);

    [LibraryImport(Library, EntryPoint = "pcap_set_snaplen")]
    public static partial int SetSnapLength(nint handle, int bytes);

    [LibraryImport(Library, EntryPoint = "pcap_set_promisc")]
    public static partial int SetPromiscuous(nint handle, int on);

    [LibraryImport(Library, EntryPoint = "pcap_set_timeout")]
    public static partial int SetTimeout(nint handle, int milliseconds);

    [LibraryImport(Library, EntryPoint = "pcap_set_buffer_size")]
    public static partial int SetBufferSize(nint handle, int bytes);

    [LibraryImport(Library, EntryPoint = "pcap_set_tstamp_precision")]
    public static partial int SetPrecision(nint handle, int precision);

    [LibraryImport(Library, EntryPoint = "pcap_get_tstamp_precision")]
    public static partial int Precision(nint handle);

    [LibraryImport(Library, EntryPoint = "pcap_activate")]
    public static partial int Activate(nint handle);

    [LibraryImport(Library, EntryPoint = "pcap_datalink")]
    public static partial int DataLink(nint handle);

    [LibraryImport(Library, EntryPoint = "pcap_compile", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Compile(nint handle, ref FilterProgram program, string expression, int optimize, uint netmask);

    [LibraryImport(Library, EntryPoint = "pcap_setfilter")]
    public static partial int SetFilter(nint handle, ref FilterProgram program);

    [LibraryImport(Library, EntryPoint = "pcap_freecode")]
    public static partial void FreeCode(ref FilterProgram program);

    [LibraryImport(Library, EntryPoint = "pcap_next_ex")]
    public static partial int Next(nint handle, out PacketHeader* header, out byte* data);

    [LibraryImport(Library, EntryPoint = "pcap_setnonblock")]
    public static partial int SetNonBlocking(nint handle, int on, Span<byte> error);

    [LibraryImport(Library, EntryPoint = "pcap_get_selectable_fd")]
    public static partial int Descriptor(nint handle);

    [LibraryImport("libc", EntryPoint = "poll")]
    public static partial int Poll(ref PollEntry entry, nuint count, int timeoutMs);

    [LibraryImport(Library, EntryPoint = "pcap_stats")]
    public static partial int Statistics(nint handle, out Counters counters);

    [LibraryImport(Library, EntryPoint = "pcap_geterr")]
    public static partial nint Error(nint handle);

    [LibraryImport(Library, EntryPoint = "pcap_close")]
    public static partial void Close(nint handle);

    /// <summary>pcap_pkthdr; the second part of the time is in nanoseconds when that precision was granted.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PacketHeader
    {
        public nint Seconds;
        public nint Fraction;
        public uint Captured;
        public uint OnWire;
    }

    /// <summary>pcap_stat.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Counters
    {
        public uint Received;
        public uint DroppedByKernel;
        public uint DroppedByInterface;
    }

    /// <summary>pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public const short Readable = 1;
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    /// <summary>bpf_program.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public uint Length;
        public nint Instructions;
    }
}
