using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pleiad.Machines.Isolation;

/// <summary>One system call by its number.</summary>
internal struct RawCall(nint number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0)
{
    public nint Number = number, A = a, B = b, C = c, D = d, E = e;

    /// <summary>A call without effect.</summary>
    public static RawCall Nothing => new(SystemCalls.OwnThread);
}

/// <summary>A system call with the one that takes it back.</summary>
internal struct GuardedCall(RawCall act, RawCall undo)
{
    public RawCall Act = act, Undo = undo;
}

/// <summary>A resource limit of a spawned process.</summary>
internal struct ProcessLimit(int resource, ulong value)
{
    public int Resource = resource;
    public ulong Current = value, Max = value;
}

/// <summary>What to spawn in the middle of guarded calls, all in native memory.</summary>
internal unsafe struct GuardedSpawn
{
    public byte* Path;
    public void* Actions;
    public void* Attributes;
    public byte** Arguments;
    public byte** Environment;
}

/// <summary>How guarded calls went.</summary>
internal struct GuardedResult
{
    /// <summary>Which call failed; -1 when none did.</summary>
    public int FailedCall;

    /// <summary>Error number of that call, or of the spawn when all calls worked; 0 when all went well.</summary>
    public int Error;

    /// <summary>The spawned process; 0 for none.</summary>
    public int Process;

    /// <summary>Error number of a limit that could not be set; 0 for none.</summary>
    public int LimitError;

    /// <summary>Error number of a call that could not be taken back; 0 for none. The thread must not be used any more then.</summary>
    public int UndoError;
}

/// <summary>Runs system calls on a thread that meanwhile has another user and another root directory, and takes them back.</summary>
/// <remarks>
/// While the thread is so changed, nothing of the runtime may run on it: it could not find its own files, and a thread made then would stay changed for good.
/// So everything is prepared before; in between there are only calls through pointers that were resolved and used before (<see cref="Prepare"/>), in one
/// method that is compiled once and for all.
/// </remarks>
internal static unsafe class GuardedCalls
{
    private const int NotPermitted = 1; // EPERM
    private const int LimitTriesMax = 100_000; // Some 50 ms on an idle processor.

    private static readonly nint Library = NativeLibrary.Load("libc.so.6");
    private static readonly delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint> SystemCall =
        (delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint>)NativeLibrary.GetExport(Library, "syscall");

    private static readonly delegate* unmanaged<int*, byte*, void*, void*, byte**, byte**, int> PosixSpawn =
        (delegate* unmanaged<int*, byte*, void*, void*, byte**, byte**, int>)NativeLibrary.GetExport(Library, "posix_spawn");

    private static readonly delegate* unmanaged<int*> ErrorLocation = (delegate* unmanaged<int*>)NativeLibrary.GetExport(Library, "__errno_location");

    /// <summary>Uses every pointer once on this thread, so that nothing is left to be compiled or looked up later.</summary>
    public static void Prepare()
    {
        var directory = stackalloc byte[] { (byte)'/', 0 };
        byte* none = null;
        var spawn = new GuardedSpawn { Path = directory, Arguments = &none, Environment = &none }; // A directory: the spawn fails.
        _ = Run([new GuardedCall(RawCall.Nothing, RawCall.Nothing)], &spawn, []);
    }

    /// <summary>Does the calls in order, spawns, and takes the calls back in reverse order.</summary>
    /// <param name="calls">The calls; the first that fails ends them.</param>
    /// <param name="spawn">What to spawn when all of them worked; null for nothing.</param>
    /// <param name="limits">Limits of the spawned process.</param>
    public static GuardedResult Run(ReadOnlySpan<GuardedCall> calls, GuardedSpawn* spawn, ReadOnlySpan<ProcessLimit> limits)
    {
        var result = new GuardedResult { FailedCall = -1 };
        fixed (GuardedCall* firstCall = calls)
        fixed (ProcessLimit* firstLimit = limits)
        {
            Run(firstCall, calls.Length, spawn, firstLimit, limits.Length, SystemCalls.Limits, SystemCalls.Yield, &result, SystemCall, PosixSpawn, ErrorLocation);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Run(
        GuardedCall* calls,
        int count,
        GuardedSpawn* spawn,
        ProcessLimit* limits,
        int limitCount,
        nint limitNumber,
        nint yieldNumber,
        GuardedResult* result,
        delegate* unmanaged<nint, nint, nint, nint, nint, nint, nint> systemCall,
        delegate* unmanaged<int*, byte*, void*, void*, byte**, byte**, int> posixSpawn,
        delegate* unmanaged<int*> errorLocation)
    {
        var error = errorLocation(); // Of this thread, for all that follows.
        var done = 0;
        for (; done < count; done++)
        {
            var call = &calls[done].Act;
            if (systemCall(call->Number, call->A, call->B, call->C, call->D, call->E) < 0)
            {
                result->Error = *error;
                result->FailedCall = done;
                break;
            }
        }

        if (done == count && spawn != null)
        {
            result->Error = posixSpawn(&result->Process, spawn->Path, spawn->Actions, spawn->Attributes, spawn->Arguments, spawn->Environment);
            if (result->Error == 0)
            {
                // The spawn returns when the process has its own memory, which is a moment before its saved user is the new one too. Until then its limits
                // may only be set with CAP_SYS_RESOURCE, which many containers lack.
                var tries = 0;
                for (var i = 0; i < limitCount; i++)
                {
                    while (systemCall(limitNumber, result->Process, limits[i].Resource, (nint)(&limits[i].Current), 0, 0) < 0)
                    {
                        if (*error != NotPermitted || tries++ == LimitTriesMax)
                        {
                            result->LimitError = *error;
                            break;
                        }

                        _ = systemCall(yieldNumber, 0, 0, 0, 0, 0);
                    }
                }
            }
            else
            {
                result->Process = 0;
            }
        }

        while (done-- > 0)
        {
            var call = &calls[done].Undo;
            if (systemCall(call->Number, call->A, call->B, call->C, call->D, call->E) < 0)
            {
                result->UndoError = *error;
            }
        }
    }
}
