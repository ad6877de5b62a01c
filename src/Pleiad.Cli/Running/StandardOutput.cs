using System.Runtime.InteropServices;

namespace Pleiad.Cli.Running;

/// <summary>The reader of standard output went away, as <c>head</c> does.</summary>
internal sealed class OutputClosedException() : IOException("standard output is closed");

/// <summary>
/// Standard output that says when its reader is gone. The runtime's own stream swallows that error, and <c>pleiad events --follow | head -1</c> would never end.
/// </summary>
internal sealed partial class StandardOutput : Stream
{
    private const int Descriptor = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const short Writable = 4;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var written = WriteTo(Descriptor, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    var wanted = new PollEntry { Descriptor = Descriptor, Events = Writable };
                    _ = Poll(ref wanted, 1, -1);
                    break;
                case BrokenPipe:
                    throw new OutputClosedException();
                case var error:
                    throw new IOException($"standard output cannot be written: {Marshal.GetPInvokeErrorMessage(error)}");
            }
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteTo(int descriptor, ReadOnlySpan<byte> buffer, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollEntry entries, nuint count, int timeoutMs);

    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
