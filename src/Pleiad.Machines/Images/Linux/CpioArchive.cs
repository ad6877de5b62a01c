using System.Globalization;
using System.Text;

namespace Pleiad.Machines.Images.Linux;

/// <summary>
/// Writes an archive in the form that the Linux kernel unpacks as its first file system ("newc", Documentation/driver-api/early-userspace/buffer-format.rst).
/// All belongs to root and has no time: the same content gives the same bytes.
/// </summary>
internal sealed class CpioArchive(Stream to) : IDisposable
{
    private const uint TypeDirectory = 0x4000;
    private const uint TypeFile = 0x8000;
    private const uint TypeLink = 0xa000;
    private const uint TypeCharacterDevice = 0x2000;
    private const string End = "TRAILER!!!";

    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private uint _number;
    private long _written;

    /// <summary>Adds a directory and those above it; one that is there stays as it is.</summary>
    /// <param name="path">Without a slash at the beginning.</param>
    /// <param name="mode">Its permissions.</param>
    public void AddDirectory(string path, uint mode = 0b111_101_101)
    {
        if (path.Length > 0 && _directories.Add(path))
        {
            AddParent(path);
            Header(path, TypeDirectory | mode, 0);
        }
    }

    /// <summary>Adds a file with a content.</summary>
    public void AddFile(string path, ReadOnlySpan<byte> content, uint mode)
    {
        AddParent(path);
        Header(path, TypeFile | mode, content.Length);
        Write(content);
        Pad();
    }

    /// <summary>Adds a file from the disk.</summary>
    /// <exception cref="IOException">It cannot be read, or changed its size meanwhile.</exception>
    public void AddFile(string path, FileInfo source, uint mode)
    {
        AddParent(path);
        using var from = source.OpenRead();
        var length = from.Length;
        if (length > uint.MaxValue)
        {
            throw new IOException($"{source.FullName} has more than 4 GiB, which no initramfs holds; put it on a disk");
        }

        Header(path, TypeFile | mode, length);
        var buffer = new byte[1 << 17];
        long copied = 0;
        for (int read; (read = from.Read(buffer)) > 0; copied += read)
        {
            Write(buffer.AsSpan(0, read));
        }

        if (copied != length)
        {
            throw new IOException($"{source.FullName} changed while it was read; try again");
        }

        Pad();
    }

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string path, string target)
    {
        AddParent(path);
        var bytes = Encoding.UTF8.GetBytes(target);
        Header(path, TypeLink | 0b111_111_111, bytes.Length);
        Write(bytes);
        Pad();
    }

    /// <summary>Adds a character device that root may use.</summary>
    public void AddDevice(string path, uint major, uint minor)
    {
        AddParent(path);
        Header(path, TypeCharacterDevice | 0b110_000_000, 0, major, minor);
    }

    /// <summary>Writes the end of the archive; the stream stays open.</summary>
    public void Dispose() => Header(End, 0, 0);

    private void AddParent(string path) => AddDirectory(Path.GetDirectoryName(path) ?? "");

    private void Header(string path, uint mode, long length, uint major = 0, uint minor = 0)
    {
        var name = Encoding.UTF8.GetBytes(path);
        var end = path == End;
        uint[] fields = [end ? 0 : ++_number, mode, 0, 0, 1, 0, (uint)length, 0, 0, major, minor, (uint)name.Length + 1, 0];
        Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(field => field.ToString("X8", CultureInfo.InvariantCulture)))));
        Write(name);
        Write([0]);
        Pad();
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        to.Write(bytes);
        _written += bytes.Length;
    }

    private void Pad() => Write([.. Enumerable.Repeat((byte)0, (int)(-_written & 3))]);
}
