namespace Pleiad.Machines.Checking;

/// <summary>Looks for the smallest memory with which a machine works, by halving what is not known yet. Pure.</summary>
/// <param name="WorksMebibytes">The smallest known to work.</param>
/// <param name="FailsMebibytes">The largest known not to; 0 when none is.</param>
internal readonly record struct MemorySearch(long WorksMebibytes, long FailsMebibytes = 0)
{
    /// <summary>Large machines need not be known to the last MiB: a part of this of what works may stay unknown.</summary>
    private const long Precision = 64;

    /// <summary>What to try next; null when enough is known.</summary>
    public long? Next => WorksMebibytes - FailsMebibytes > Math.Max(1, WorksMebibytes / Precision) ? (WorksMebibytes + FailsMebibytes) / 2 : null;

    /// <summary>What is known after a try.</summary>
    public MemorySearch Tried(long mebibytes, bool works) => works ? this with { WorksMebibytes = mebibytes } : this with { FailsMebibytes = mebibytes };
}
