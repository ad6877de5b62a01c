using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>A machine's log: what its guest prints on the serial line and QEMU on standard error, in one bounded file.</summary>
/// <remarks>
/// QEMU itself appends to the file (O_APPEND), whether or not anybody is connected to the serial line's socket, so that lines are kept while no Pleiad runs
/// and the last words of a guest that takes QEMU with it are there. The bound is kept from outside: the driver looks at the length now and then and drops
/// the oldest half in place. Between two looks, or while no Pleiad runs, the kernel bounds the file at <see cref="HardFactor"/> times the length by
/// RLIMIT_FSIZE; QEMU inherits SIGXFSZ ignored, so what does not fit is dropped and nothing ends.
/// </remarks>
internal static class SerialLog
{
    /// <summary>How many times its wanted length the file may ever have.</summary>
    public const int HardFactor = 4;

    private const uint LogMode = 0x1A0; // rw-r-----
    private const int LastLineBytesMax = 4096;
    private const int LastLineCharsMax = 300;

    /// <summary>Opens a log to be given to QEMU.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static SafeFileHandle Open(string path)
    {
        // Not with .NET's means: its way of appending is no O_APPEND, with which QEMU's lines stay whole when the file is cut meanwhile.
        var fd = ProcessCalls.OpenFile(path, ProcessCalls.OpenWriteCreateAppend, LogMode);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new IOException($"the log {path} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Drops the oldest half when the file is longer than wanted.</summary>
    /// <returns>Whether it did.</returns>
    public static bool Bound(string path, long bytesMax)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= bytesMax)
        {
            return false;
        }

        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var end = RandomAccess.GetLength(handle);
        var kept = new byte[bytesMax / 2];
        var count = ReadAll(handle, kept, end - kept.Length);
        var line = kept.AsSpan(0, count).IndexOf((byte)'\n') + 1; // Begin with a whole line, if there is one.

        // Over the beginning first, cut off then: whoever reads meanwhile, or comes after a Pleiad that was killed here, finds a line twice but never an
        // empty log. What QEMU appended since is moved too; only what it appends between the last look and the cut, some microseconds, is lost.
        RandomAccess.Write(handle, kept.AsSpan(line, count - line), 0);
        long length = count - line;
        count = ReadAll(handle, kept, end);
        RandomAccess.Write(handle, kept.AsSpan(0, count), length);
        RandomAccess.SetLength(handle, length + count);
        return true;
    }

    /// <summary>The last line that is not blank, as printable text; null when there is none.</summary>
    public static string? LastLine(string path)
    {
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[LastLineBytesMax];
            if (!TryReadEnd(handle, bytes, out var count))
            {
                // It was cut meanwhile: what was read may begin in the middle of its last line, or end in zeros that stand for what was cut. It is not cut again so soon.
                _ = TryReadEnd(handle, bytes, out count);
            }

            var line = Encoding.UTF8.GetString(bytes, 0, count)
                .Split('\n')
                .Select(line => new string([.. line.Where(c => !char.IsControl(c))]).Trim())
                .LastOrDefault(line => line.Length > 0);
            return line?.Length > LastLineCharsMax ? line[..LastLineCharsMax] + "…" : line;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // No log, no line: the failure that asks for it is told without.
        }
    }

    /// <summary>Reads the last bytes of a file.</summary>
    /// <returns>False when it may have become shorter meanwhile.</returns>
    private static bool TryReadEnd(SafeFileHandle file, Span<byte> bytes, out int count)
    {
        var length = RandomAccess.GetLength(file);
        count = ReadAll(file, bytes, Math.Max(0, length - bytes.Length));
        return count >= Math.Min(bytes.Length, length) && !bytes[..count].Contains((byte)0);
    }

    private static int ReadAll(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        var count = 0;
        while (count < bytes.Length && RandomAccess.Read(file, bytes[count..], offset + count) is > 0 and var read)
        {
            count += read;
        }

        return count;
    }
}
