using System.Runtime.InteropServices;

namespace Pleiad.Wire.Captures;

/// <summary>
/// xz by liblzma. .NET has no xz; dpkg itself depends on this library, so it is on every Debian.
/// </summary>
internal sealed unsafe partial class LzmaDecoder : INativeDecoder
{
    // xz -9 needs 65 MiB; a dictionary beyond this would break the bound on memory.
    private const ulong MemoryBytesMax = 80 << 20;
    private const uint Concatenated = 8;
    private const int Run = 0;
    private const int Finish = 3;
    private const int StreamEnd = 1;

    private readonly LzmaStream* _stream;

    public LzmaDecoder()
    {
        _stream = (LzmaStream*)NativeMemory.AllocZeroed((nuint)sizeof(LzmaStream));
        try
        {
            if (Decoder(_stream, MemoryBytesMax, Concatenated) is not 0 and var error)
            {
                throw new CaptureException(CaptureFault.CannotUnpack, $"liblzma cannot begin to unpack (error {error}); unpack it with 'xz -d' first");
            }
        }
        catch (Exception error)
        {
            NativeMemory.Free(_stream);
            if (error is DllNotFoundException)
            {
                throw new CaptureException(CaptureFault.CannotUnpack, "is packed with xz and liblzma.so.5 is not here; unpack it with 'xz -d' first, or install liblzma5", error);
            }

            throw;
        }
    }

    public (int Taken, int Given, bool Ended) Decode(ReadOnlySpan<byte> input, Span<byte> output, bool isLast)
    {
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            _stream->NextIn = from;
            _stream->InCount = (nuint)input.Length;
            _stream->NextOut = to;
            _stream->OutCount = (nuint)output.Length;
            var result = Code(_stream, isLast ? Finish : Run);
            var taken = input.Length - (int)_stream->InCount;
            var given = output.Length - (int)_stream->OutCount;
            return result switch
            {
                StreamEnd => (taken, given, true),
                0 or 10 => (taken, given, false), // 10: no progress was possible
                _ when given > 0 => (taken, given, false), // what came before the damage; the next call says it again
                6 => throw new InvalidDataException("xz: it needs more than 80 MiB to unpack; unpack it with 'xz -d' first"),
                _ => throw new InvalidDataException($"xz: damaged data (error {result})"),
            };
        }
    }

    public void Dispose()
    {
        End(_stream);
        NativeMemory.Free(_stream);
    }

    [LibraryImport("liblzma.so.5", EntryPoint = "lzma_stream_decoder")]
    private static partial int Decoder(LzmaStream* stream, ulong memoryBytesMax, uint flags);

    [LibraryImport("liblzma.so.5", EntryPoint = "lzma_code")]
    private static partial int Code(LzmaStream* stream, int action);

    [LibraryImport("liblzma.so.5", EntryPoint = "lzma_end")]
    private static partial void End(LzmaStream* stream);

    /// <summary>lzma_stream of lzma/base.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct LzmaStream
    {
        public byte* NextIn;
        public nuint InCount;
        public ulong InTotal;
        public byte* NextOut;
        public nuint OutCount;
        public ulong OutTotal;
        public void* Allocator;
        public void* Internal;
        public void* Reserved1;
        public void* Reserved2;
        public void* Reserved3;
        public void* Reserved4;
        public ulong SeekPosition;
        public ulong Reserved5;
        public nuint Reserved6;
        public nuint Reserved7;
        public int Reserved8;
        public int Reserved9;
    }
}
