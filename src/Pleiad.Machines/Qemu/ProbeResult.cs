namespace Pleiad.Machines.Qemu;

/// <summary>What became of trying one accelerator.</summary>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Works">Whether a guest ran.</param>
/// <param name="Outcome">In a few words, for example <c>a guest did not start within 3 s</c>.</param>
/// <param name="Taken">How long the attempt took.</param>
public sealed record ProbeAttempt(string Accelerator, bool Works, string Outcome, TimeSpan Taken)
{
    /// <summary>QEMU's own words when it ended with an error, on one line and at most 200 characters; otherwise null.</summary>
    public string? Detail { get; init; }
}

/// <summary>Which accelerator a host has, found out by starting a guest.</summary>
/// <param name="Accelerator">The quickest that works; null when none does.</param>
/// <param name="Attempts">What was tried, in order.</param>
/// <param name="Cached">True when the attempts are of an earlier run since the host's start.</param>
public sealed record ProbeResult(string? Accelerator, IReadOnlyList<ProbeAttempt> Attempts, bool Cached)
{
    /// <summary>The attempts in a sentence.</summary>
    public string Reason => string.Join("; ", Attempts.Select(attempt => $"{attempt.Accelerator}: {attempt.Outcome}"));
}

/// <summary>A probe's result as it is kept.</summary>
/// <param name="Key">What it holds for.</param>
/// <param name="Result">The result.</param>
internal sealed record ProbeRecord(string Key, ProbeResult Result);
