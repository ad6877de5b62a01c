using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Forking;

namespace Pleiad.Machines.Isolation;

/// <summary>All that is needed to start a QEMU process, whether a machine was ordered already or not.</summary>
/// <param name="Arguments">QEMU's arguments, without the program's name. Files are named as <c>/proc/self/fd/N</c> of a descriptor among <paramref name="Inherited"/>: QEMU sees no others.</param>
/// <param name="Log">What standard output and error go to.</param>
/// <param name="Inherited">Descriptors for it: the first becomes its descriptor 3, the next 4 and so on.</param>
/// <param name="FileBytesMax">Largest file it may write; see <c>SerialLog</c>.</param>
/// <param name="Limits">What it may use of the host, where the host has control groups.</param>
internal sealed record QemuLaunch(IReadOnlyList<string> Arguments, SafeFileHandle Log, IReadOnlyList<SafeHandle> Inherited, long FileBytesMax, MachineLimits Limits)
{
    /// <summary>What forks it if that can be; null to start it.</summary>
    public ForkServer? Server { get; init; }
}
