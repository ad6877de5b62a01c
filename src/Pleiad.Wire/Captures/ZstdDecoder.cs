using System.Runtime.InteropServices;

namespace Pleiad.Wire.Captures;

/// <summary>zstd by libzstd, which dpkg itself depends on, so it is on every Debian from 12 on.</summary>
internal sealed unsafe partial class ZstdDecoder : INativeDecoder
{
    // A window of 2^26 is 64 MiB; larger ones (zstd --long=27 and more) would break the bound on memory.
    private const int WindowLogMax = 26;
    private const int WindowLogParameter = 100;

    private readonly nint _stream;
    private bool _frameEnded = true;

    public ZstdDecoder()
    {
        try
        {
            _stream = CreateStream();
            _ = SetParameter(_stream, WindowLogParameter, WindowLogMax);
        }
        catch (DllNotFoundException error)
        {
            throw new CaptureException(CaptureFault.CannotUnpack, "is packed with zstd and libzstd.so.1 is not here; unpack it with 'zstd -d' first, or install libzstd1", error);
        }
    }

    public (int Taken, int Given, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool isLast)
    {
        if (isLast && input.Length == 0 && _frameEnded)
        {
            return (0, 0, true);
        }

        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            var source = new Room { Bytes = from, Size = (nuint)input.Length };
            var target = new Room { Bytes = to, Size = (nuint)output.Length };
            var result = Decompress(_stream, ref target, ref source);
            if (IsError(result) != 0)
            {
                throw new InvalidDataException($"zstd: {Marshal.PtrToStringUTF8(ErrorName(result))}");
            }

            _frameEnded = result == 0;
            return ((int)source.Position, (int)target.Position, false);
        }
    }

    public void Dispose() => _ = FreeStream(_stream);

    [LibraryImport("libzstd.so.1", EntryPoint = "ZSTD_createDStream")]
    private static partial nint CreateStream();

    [LibraryImport("libzstd.so.1", EntryPoint = "ZSTD_DCtx_setParameter")]
    private static partial nuint SetParameter(nint stream, int parameter, int value);

    [LibraryImport("libzstd.so.1", EntryPoint = "ZSTD_decompressStream")]
    private static partial nuint Decompress(nint stream, ref Room target, ref Room source);

    [LibraryImport("libzstd.so.1", EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint result);

    [LibraryImport("libzstd.so.1", EntryPoint = "ZSTD_getErrorName")]
    private static partial nint ErrorName(nuint result);

    [LibraryImport("libzstd.so.1", EntryPoint = "ZSTD_freeDStream")]
    private static partial nuint FreeStream(nint stream);

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer of zstd.h, which look alike.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Room
    {
        public byte* Bytes;
        public nuint Size;
        public nuint Position;
    }
}
