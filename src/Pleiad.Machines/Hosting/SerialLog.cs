using System.Text;

namespace Pleiad.Machines.Hosting;

/// <summary>A machine's log: what its guest prints on the serial line and QEMU on standard error, in one bounded file.</summary>
/// <remarks>
/// QEMU itself appends to the file (O_APPEND), so that lines are kept while no Pleiad runs and the last words of a guest that takes QEMU with it are there;
/// a socket or QEMU's ring buffer would lose one or the other. The bound is kept from outside: the driver looks at the length now and then and drops
/// the oldest half in place. Between two looks, or while no Pleiad runs, the kernel bounds the file at <see cref="HardFactor"/> times the length by
/// RLIMIT_FSIZE; QEMU inherits SIGXFSZ ignored, so what does not fit is dropped and nothing ends.
/// </remarks>
internal static class SerialLog
{
    /// <summary>How many times its wanted length the file may ever have.</summary>
    public const int HardFactor = 4;

    private const int LastLineBytesMax = 4096;
    private const int LastLineCharsMax = 300;

    /// <summary>Drops the oldest half when the file is longer than wanted.</summary>
    /// <returns>Whether it did.</returns>
    public static bool Bound(string path, long bytesMax)
    {
        var file = new FileInfo(path);
        if (!file.Exists || file.Length <= bytesMax)
        {
            return false;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var kept = new byte[bytesMax / 2];
        stream.Seek(-kept.Length, SeekOrigin.End);
        var count = stream.ReadAtLeast(kept, kept.Length, throwOnEndOfStream: false);
        var tail = kept.AsSpan(0, count);
        var line = tail.IndexOf((byte)'\n') + 1; // Begin with a whole line, if there is one.

        // What QEMU appends between these two calls comes before the tail: a few bytes out of place, none lost.
        stream.SetLength(0);
        using var append = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        append.Write(tail[line..]);
        return true;
    }

    /// <summary>The last line that is not blank, as printable text; null when there is none.</summary>
    public static string? LastLine(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            stream.Seek(-Math.Min(stream.Length, LastLineBytesMax), SeekOrigin.End);
            var bytes = new byte[LastLineBytesMax];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
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
}
