using System.Runtime.InteropServices;
using System.Text;
using Pleiad.Machines.Isolation;

namespace Pleiad.Machines.Forking;

/// <summary>What goes between Pleiad and a fork server: the structures of <c>fork_server.c</c>, in this machine's byte order.</summary>
internal static class ForkMessages
{
    /// <summary>Bytes of <c>struct birth</c>.</summary>
    public const int BirthBytes = 8 + StepBytes;

    /// <summary>Bytes of <c>struct ending</c>.</summary>
    public const int EndingBytes = 8;

    private const int LimitsMax = 8, NameBytes = 128, StepBytes = 24;
    private const int LimitBytes = 16, Counts = 4 * sizeof(uint);

    /// <summary><c>struct request</c>.</summary>
    /// <param name="name">What stands in the child's command line for <c>-name</c>; as long as the server's.</param>
    /// <param name="user">Its user and group; null for the server's.</param>
    /// <param name="limits">Its resource limits, at most eight.</param>
    /// <param name="groups">Control groups that it enters.</param>
    /// <param name="inherited">Descriptors that it inherits.</param>
    public static byte[] Request(string name, uint? user, IReadOnlyList<ProcessLimit> limits, int groups, int inherited)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limits.Count, LimitsMax);
        var bytes = new byte[Counts + (LimitsMax * LimitBytes) + NameBytes];
        ReadOnlySpan<uint> counts = [user ?? 0, (uint)limits.Count, (uint)groups, (uint)inherited];
        counts.CopyTo(MemoryMarshal.Cast<byte, uint>(bytes.AsSpan()));
        var values = MemoryMarshal.Cast<byte, ulong>(bytes.AsSpan(Counts));
        for (var i = 0; i < limits.Count; i++)
        {
            values[2 * i] = (ulong)limits[i].Resource;
            values[(2 * i) + 1] = limits[i].Current;
        }

        Encoding.ASCII.GetBytes(name, bytes.AsSpan(Counts + (LimitsMax * LimitBytes)));
        return bytes;
    }

    /// <summary>Reads <c>struct birth</c>.</summary>
    /// <returns>The child's process id; its error number with the step that failed, or 0.</returns>
    public static (int Process, int Error, string Step) Birth(ReadOnlySpan<byte> bytes)
    {
        var step = bytes[8..BirthBytes];
        return (Number(bytes), Number(bytes[4..]), Encoding.ASCII.GetString(step[..(step.IndexOf((byte)0) is var end and >= 0 ? end : step.Length)]));
    }

    /// <summary>Reads <c>struct ending</c>.</summary>
    /// <returns>The process that ended, with its status as waitpid has it; 0 when the server is ready.</returns>
    public static (int Process, int Status) Ending(ReadOnlySpan<byte> bytes) => (Number(bytes), Number(bytes[4..]));

    private static int Number(ReadOnlySpan<byte> bytes) => BitConverter.ToInt32(bytes);
}
