using System.Runtime.InteropServices;
using System.Text;

namespace Pleiad.Machines.Images;

/// <summary>
/// Files that are whole or absent, also after a crash or a power cut: written to a temporary file, flushed to the disk, renamed, and the directory flushed.
/// </summary>
internal static partial class DurableFiles
{
    private const int OpenReadOnlyDirectoryCloseOnExec = 0x10000 | 0x80000;

    /// <summary>Writes a small text file in one step.</summary>
    /// <param name="path">Where it appears.</param>
    /// <param name="text">Its content.</param>
    /// <param name="temporary">A path on the same file system that nobody else uses.</param>
    public static void WriteText(string path, string text, string temporary)
    {
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        Publish(temporary, path);
    }

    /// <summary>Gives a flushed temporary file its name, replacing what had it.</summary>
    public static void Publish(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Deletes a file so that it stays deleted.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        FlushDirectory(Path.GetDirectoryName(path)!);
    }

    private static void FlushDirectory(string directory)
    {
        var descriptor = Open(directory, OpenReadOnlyDirectoryCloseOnExec);
        if (descriptor < 0)
        {
            throw new IOException($"{directory} cannot be opened: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
        }

        // A file system that cannot flush directories (EINVAL) has no such step to leave out.
        const int invalid = 22;
        var flushed = Flush(descriptor);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        if (flushed != 0 && error != invalid)
        {
            throw new IOException($"{directory} cannot be flushed: {Marshal.GetPInvokeErrorMessage(error)}", error);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
