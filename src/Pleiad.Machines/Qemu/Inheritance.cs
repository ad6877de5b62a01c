using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Qemu;

/// <summary>Descriptors that a QEMU process gets at its start, with the numbers they have there.</summary>
/// <remarks>QEMU runs as a user who may open next to nothing; what it is to read or write is opened for it.</remarks>
internal sealed class Inheritance : IDisposable
{
    private readonly List<SafeHandle> _handles = [];
    private readonly List<SafeFileHandle> _files = [];

    /// <summary>The descriptors in order; the first becomes <see cref="QemuProcess.FirstInherited"/>.</summary>
    public IReadOnlyList<SafeHandle> Handles => _handles;

    /// <summary>Adds a descriptor, which stays the caller's.</summary>
    /// <returns>Its number in the process.</returns>
    public int Add(SafeHandle handle)
    {
        _handles.Add(handle);
        return QemuProcess.FirstInherited + _handles.Count - 1;
    }

    /// <summary>Opens a file for the process; every user must be allowed to do that to it, its directories do not matter.</summary>
    /// <returns>The path by which the process opens it.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public string AddFile(string path, FileAccess access = FileAccess.Read)
    {
        var file = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite);
        _files.Add(file);
        return string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{Add(file)}");
    }

    public void Dispose() => _files.ForEach(file => file.Dispose());
}
