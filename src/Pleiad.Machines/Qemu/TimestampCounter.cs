using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Pleiad.Machines.Qemu;

/// <summary>
/// Measures how fast this host's time stamp counter runs. A Linux guest sees the same counter under KVM and under TCG; told its rate, the guest need not measure it,
/// which on a busy host takes it forever or gives a clock that is wrong by up to 16 %.
/// </summary>
internal static unsafe partial class TimestampCounter
{
    private const int PageBytes = 4096;
    private const int ReadWrite = 0x1 | 0x2;
    private const int ReadExecute = 0x1 | 0x4;
    private const int PrivateAnonymous = 0x2 | 0x20;
    private const uint ExtendedLeafMax = 0x8000_0000;
    private const uint PowerLeaf = 0x8000_0007;
    private const int InvariantBit = 8;

    /// <summary>Longer than this a measurement is exact to 10 ppm: reading both clocks takes well below 1 µs.</summary>
    private static readonly TimeSpan MeasureTime = TimeSpan.FromMilliseconds(100);

    private static readonly Lazy<long?> Rate = new(Measure);

    /// <summary>The rate in kHz, measured once; null where there is no such counter or its rate changes.</summary>
    public static long? Kilohertz => Rate.Value;

    /// <summary>The words that tell a Linux guest; empty when the rate is not known.</summary>
    public static string KernelArguments =>
        Kilohertz is { } rate ? string.Create(CultureInfo.InvariantCulture, $"tsc_early_khz={rate} tsc=reliable") : "";

    private static long? Measure()
    {
        if (!X86Base.IsSupported || !IsInvariant())
        {
            return null;
        }

        // rdtsc; shl rdx, 32; or rax, rdx; ret: there is no way to it but machine code.
        ReadOnlySpan<byte> code = [0x0f, 0x31, 0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, 0xc3];
        var page = Map(null, PageBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (page == (void*)-1)
        {
            return null;
        }

        try
        {
            code.CopyTo(new Span<byte>(page, code.Length));
            return Protect(page, PageBytes, ReadExecute) == 0 ? Measure((delegate* unmanaged<ulong>)page) : null;
        }
        finally
        {
            _ = Unmap(page, PageBytes);
        }
    }

    private static long Measure(delegate* unmanaged<ulong> read)
    {
        var (tick, first) = ReadBoth(read);
        var (lastTick, last) = (tick, first);
        while (TimeProvider.System.GetElapsedTime(first, last) < MeasureTime)
        {
            System.Threading.Thread.Yield();
            (lastTick, last) = ReadBoth(read);
        }

        return (long)Math.Round((lastTick - tick) / TimeProvider.System.GetElapsedTime(first, last).TotalMilliseconds);
    }

    /// <summary>Both clocks at one moment: of several pairs the one that was read quickest, for between the two reads another process may have run.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (ulong Tick, long Time) ReadBoth(delegate* unmanaged<ulong> read)
    {
        const int pairs = 8;
        var (quickest, best) = (ulong.MaxValue, default((ulong, long)));
        for (var pair = 0; pair < pairs; pair++)
        {
            var before = read();
            var time = TimeProvider.System.GetTimestamp();
            var took = read() - before;
            if (took < quickest)
            {
                (quickest, best) = (took, (before + took / 2, time));
            }
        }

        return best;
    }

    private static bool IsInvariant()
    {
        var (most, _, _, _) = X86Base.CpuId(unchecked((int)ExtendedLeafMax), 0);
        var (_, _, _, power) = (uint)most >= PowerLeaf ? X86Base.CpuId(unchecked((int)PowerLeaf), 0) : default;
        return (power & (1 << InvariantBit)) != 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* at, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(void* at, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* at, nint length);
}
