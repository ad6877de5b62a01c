using System.Text.Json.Serialization;

namespace Pleiad.Machines.Checking;

/// <summary>How a guest came to its address.</summary>
public enum AddressWay
{
    /// <summary>It read it from its command line.</summary>
    [JsonStringEnumMemberName("commandLine")]
    CommandLine,

    /// <summary>It asked for it.</summary>
    [JsonStringEnumMemberName("dhcp")]
    Dhcp,
}

/// <summary>What a check found out about an image.</summary>
/// <param name="Image">Its name.</param>
/// <param name="Works">Whether a machine of it answered its health path with a status from 200 to 299.</param>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Network">How the machine was connected: <c>namespace</c> or <c>user</c>.</param>
/// <param name="MemoryBytes">The memory that its manifest gives.</param>
public sealed record ImageCheckReport(string Image, bool Works, string Accelerator, string Network, long MemoryBytes)
{
    /// <summary>The address it answered at; null when it did not.</summary>
    public string? Address { get; init; }

    /// <summary>How it came to that address; null when it did not answer.</summary>
    public AddressWay? AddressBy { get; init; }

    /// <summary>Milliseconds from each start's order to its first answer.</summary>
    public IReadOnlyList<double> FirstAnswersMs { get; init; } = [];

    /// <summary>The median of <see cref="FirstAnswersMs"/>; null when it did not answer.</summary>
    public double? FirstAnswerMs { get; init; }

    /// <summary>What it answered at its health path; null when it did not answer in HTTP.</summary>
    public HealthSeen? Health { get; init; }

    /// <summary>The smallest memory that it answered with, in whole MiB; null when it did not answer.</summary>
    public long? MemorySmallestBytes { get; init; }

    /// <summary>The largest memory that it was tried with and did not answer; null when even the smallest of all was enough.</summary>
    public long? MemoryTooSmallBytes { get; init; }

    /// <summary>QEMU's proportional share of the host's memory while the machine was idle; null when it did not answer or it cannot be read.</summary>
    public long? QemuMemoryBytes { get; init; }

    /// <summary>What went wrong; null when it works.</summary>
    public CheckFailure? Failure { get; init; }
}

/// <summary>An answer at the health path.</summary>
/// <param name="Path">The path.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="BodyBytes">Length of the body, cut at 64 KiB.</param>
/// <param name="Body">Its first line as printable text, cut at 200 characters.</param>
public sealed record HealthSeen(string Path, int Status, int BodyBytes, string Body);

/// <summary>Why an image does not work.</summary>
/// <param name="Summary">In a sentence.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Seen">What was seen, one sentence each.</param>
/// <param name="Log">The last lines of the serial log.</param>
public sealed record CheckFailure(string Summary, string Remedy, IReadOnlyList<string> Seen, IReadOnlyList<string> Log);
