namespace Pleiad.Machines.Checking;

/// <summary>What one start of an image came to.</summary>
internal abstract record TrialStart
{
    /// <summary>The machine answered.</summary>
    /// <param name="Answer">From the order to the first answer.</param>
    /// <param name="Health">What it answers; null when it was not asked again.</param>
    /// <param name="AskedDhcp">Whether it was seen to take its address by DHCP; null when that cannot be seen.</param>
    /// <param name="QemuMemory">QEMU's memory in bytes; null when it cannot be read.</param>
    /// <param name="Address">Where it answered.</param>
    public sealed record Answered(TimeSpan Answer, HealthSeen? Health, bool? AskedDhcp, long? QemuMemory, string Address) : TrialStart;

    /// <summary>It did not.</summary>
    /// <param name="Seen">What was seen of it.</param>
    public sealed record Silent(GuestSeen Seen) : TrialStart;
}
