using System.Buffers.Binary;

namespace Pleiad.Wire.Captures;

/// <summary>Reads a capture frame by frame, whatever its format, and as far as it goes. Memory is bounded by the largest block, never by the file.</summary>
internal abstract class CaptureReader(ByteWindow window, CaptureAccount account) : IDisposable
{
    /// <summary>No frame is larger; a length above it is damage.</summary>
    public const int FrameBytesMax = 1 << 20;

    protected ByteWindow Window { get; } = window;

    public CaptureAccount Account { get; } = account;

    /// <summary>Opens a capture: plain, or packed with gzip, xz or zstd.</summary>
    /// <exception cref="CaptureException">It is no capture, or cannot be unpacked here.</exception>
    public static CaptureReader Open(Stream source)
    {
        var window = new ByteWindow(Packing.Unpack(source, out var packing));
        try
        {
            return Open(window, packing);
        }
        catch
        {
            window.Dispose();
            throw;
        }
    }

    /// <summary>The next frame, or false at the end of what can be read.</summary>
    public abstract bool TryRead(out Frame frame);

    public void Dispose() => Window.Dispose();

    private static CaptureReader Open(ByteWindow window, string packing)
    {
        if (!window.Has(4))
        {
            throw new CaptureException(CaptureFault.NoCapture, window.Failure is { } failure
                ? $"cannot be unpacked ({failure}); give a capture that is whole at its beginning"
                : $"has {window.Available} bytes, which is no capture; give a pcap or pcapng file");
        }

        var magic = BinaryPrimitives.ReadUInt32LittleEndian(window.Look(4));
        var account = new CaptureAccount();
        if (magic == PcapNgReader.SectionHeader)
        {
            account.Format = "pcapng" + packing;
            return new PcapNgReader(window, account);
        }

        if (PcapReader.Understands(magic))
        {
            account.Format = "pcap" + packing;
            return new PcapReader(window, account);
        }

        throw new CaptureException(CaptureFault.NoCapture, $"begins with {magic:x8}, which is neither pcap nor pcapng; give a capture of tcpdump, dumpcap or Wireshark");
    }

    /// <summary>Notes that the file ended inside something.</summary>
    protected void EndedEarly(string inside)
    {
        var left = Window.Available;
        var offset = Window.Offset;
        if (left == 0 && Window.Failure is null)
        {
            return;
        }

        Window.Skip(left);
        Account.Damage(offset, left, Window.Failure is { } failure ? $"unpacking ended early: {failure}" : $"the file ends inside {inside}");
    }
}
