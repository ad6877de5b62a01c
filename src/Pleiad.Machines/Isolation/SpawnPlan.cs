using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Isolation;

/// <summary>The arguments of one posix_spawn in native memory, made before the launching thread is changed.</summary>
/// <remarks>
/// The process gets a session of its own, so that a Ctrl-C at Pleiad's terminal does not end machines behind Pleiad's back, and it outlives Pleiad, so that
/// a restarted Pleiad can adopt it. Of Pleiad's environment it gets nothing: there may be passwords in it.
/// </remarks>
internal sealed unsafe class SpawnPlan : IDisposable
{
    private const int OpenReadOnly = 0;
    private static readonly string[] Always = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    /// <summary>glibc has it from 2.34 on.</summary>
    private static readonly delegate* unmanaged<void*, int, int> CloseFrom =
        (delegate* unmanaged<void*, int, int>)(NativeLibrary.TryGetExport(NativeLibrary.Load("libc.so.6"), "posix_spawn_file_actions_addclosefrom_np", out var export) ? export : 0);

    private readonly NativeTexts _texts = new();
    private readonly void* _memory = NativeMemory.AllocZeroed(ProcessCalls.OpaqueBytes * 3);
    private readonly IReadOnlyList<SafeHandle> _held;
    private readonly GuardedSpawn* _spawn;

    /// <param name="path">The program, absolute.</param>
    /// <param name="arguments">Its arguments, without the program's name.</param>
    /// <param name="log">What standard output and error go to.</param>
    /// <param name="inherited">Descriptors from <see cref="QemuProcess.FirstInherited"/> on.</param>
    /// <param name="environment">Variables beside the usual ones, NAME=VALUE.</param>
    public SpawnPlan(string path, IReadOnlyList<string> arguments, SafeFileHandle log, IReadOnlyList<SafeHandle> inherited, params IReadOnlyList<string> environment)
    {
        _held = [log, .. inherited];
        void* attributes = _memory, actions = (byte*)_memory + ProcessCalls.OpaqueBytes, signals = (byte*)_memory + (2 * ProcessCalls.OpaqueBytes);
        Check(ProcessCalls.AttributesInit(attributes));
        Check(ProcessCalls.ActionsInit(actions));
        Check(ProcessCalls.AttributesSetFlags(attributes, ProcessCalls.SpawnSetSid | ProcessCalls.SpawnSetSigMask | ProcessCalls.SpawnSetSigDef));
        _ = ProcessCalls.SignalsEmpty(signals);
        Check(ProcessCalls.AttributesSetSigMask(attributes, signals));
        _ = ProcessCalls.SignalsFill(signals);
        _ = ProcessCalls.SignalsRemove(signals, ProcessCalls.SigExceededFileSize); // Ignored, see SerialLog.
        Check(ProcessCalls.AttributesSetSigDefault(attributes, signals));
        Check(ProcessCalls.ActionsAddOpen(actions, 0, _texts.Add("/dev/null"), OpenReadOnly, 0));
        Check(ProcessCalls.ActionsAddDup2(actions, (int)log.DangerousGetHandle(), 1));
        Check(ProcessCalls.ActionsAddDup2(actions, 1, 2));
        AddInherited(actions, inherited);
        _spawn = (GuardedSpawn*)NativeMemory.AllocZeroed((nuint)sizeof(GuardedSpawn));
        *_spawn = new GuardedSpawn
        {
            Path = _texts.Add(path),
            Actions = actions,
            Attributes = attributes,
            Arguments = _texts.AddList([path, .. arguments]),
            Environment = _texts.AddList([.. Always, .. environment]),
        };
    }

    /// <summary>Starts it; the plan must not be disposed of before the task ends.</summary>
    public Task<GuardedResult> LaunchOn(LaunchThread thread, GuardedCall[] calls, ProcessLimit[] limits) => thread.LaunchAsync(calls, _spawn, limits);

    public void Dispose()
    {
        _ = ProcessCalls.AttributesDestroy(_spawn->Attributes);
        _ = ProcessCalls.ActionsDestroy(_spawn->Actions);
        NativeMemory.Free(_memory);
        NativeMemory.Free(_spawn);
        _texts.Dispose();
        GC.KeepAlive(_held);
    }

    /// <summary>Puts the descriptors in their places by way of high numbers, for one may already stand in another's place.</summary>
    private static void AddInherited(void* actions, IReadOnlyList<SafeHandle> inherited)
    {
        const int High = 900;
        for (var i = 0; i < inherited.Count; i++)
        {
            Check(ProcessCalls.ActionsAddDup2(actions, (int)inherited[i].DangerousGetHandle(), High + i));
        }

        for (var i = 0; i < inherited.Count; i++)
        {
            Check(ProcessCalls.ActionsAddDup2(actions, High + i, QemuProcess.FirstInherited + i));
            Check(ProcessCalls.ActionsAddClose(actions, High + i));
        }

        // What Pleiad itself was given without close-on-exec, by whatever started it, is not a machine's.
        if (CloseFrom != null)
        {
            Check(CloseFrom(actions, QemuProcess.FirstInherited + inherited.Count));
        }
    }

    private static void Check(int failure)
    {
        if (failure != 0)
        {
            throw new Win32Exception(failure);
        }
    }
}
