using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Cloning;

/// <summary>A file in memory without a name (memfd): gone with its last descriptor, so that nothing of it can be left behind.</summary>
/// <remarks>
/// Once sealed nobody can change it, whatever descriptor he has: a private mapping of it may be written to, which changes the writer's copy only. So a machine
/// that breaks out of its guest into QEMU still cannot reach the memory that the other clones of its template begin with.
/// </remarks>
internal sealed partial class MemoryFile : IDisposable
{
    private const uint CloseOnExec = 1, AllowSealing = 2; // MFD_CLOEXEC, MFD_ALLOW_SEALING
    private const int AddSeals = 1033; // F_ADD_SEALS
    private const int AllSeals = 1 | 2 | 4 | 8; // F_SEAL_SEAL, _SHRINK, _GROW, _WRITE
    private const uint ReadableAndWritable = 0x1B6; // rw-rw-rw-: whoever has a descriptor may open it anew, and QEMU runs as somebody else

    private MemoryFile(SafeFileHandle handle) => Handle = handle;

    public SafeFileHandle Handle { get; }

    public long Bytes => RandomAccess.GetLength(Handle);

    /// <summary>Makes one.</summary>
    /// <param name="name">Name for people who look at /proc.</param>
    /// <param name="bytes">Its length.</param>
    /// <exception cref="IOException">There is no room.</exception>
    public static MemoryFile Create(string name, long bytes)
    {
        var fd = MemoryFileCreate(name, CloseOnExec | AllowSealing);
        if (fd < 0)
        {
            throw Failed("a file in memory cannot be made");
        }

        var file = new MemoryFile(new SafeFileHandle(fd, ownsHandle: true));
        try
        {
            if (ChangeMode(file.Handle, ReadableAndWritable) != 0)
            {
                throw Failed("a file in memory cannot be opened to others");
            }

            RandomAccess.SetLength(file.Handle, bytes);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>From now on nobody can change it.</summary>
    /// <exception cref="IOException">Somebody still maps it for writing.</exception>
    public void Seal()
    {
        if (FileControl(Handle, AddSeals, AllSeals) != 0)
        {
            throw Failed("a template's memory cannot be sealed");
        }
    }

    /// <summary>Opens it anew for reading from the start.</summary>
    public SafeFileHandle OpenReader() => File.OpenHandle($"/proc/self/fd/{Handle.DangerousGetHandle()}");

    public void Dispose() => Handle.Dispose();

    private static IOException Failed(string what) => new($"{what}: {Marshal.GetLastPInvokeErrorMessage()}", new Win32Exception(Marshal.GetLastPInvokeError()));

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemoryFileCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeMode(SafeFileHandle file, uint mode);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(SafeFileHandle file, int command, int argument);
}
