using System.Globalization;
using System.Security.Cryptography;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>What a guest is told over its serial line so that it is no copy of another; docs/clones.md has the protocol.</summary>
internal static class GuestIdentity
{
    /// <summary>Longest line a guest must read, its end not counted.</summary>
    public const int LineBytesMax = 255;

    private const string Mark = "pleiad-identity 1 ";
    private const int SeedBytes = 32;

    /// <summary>What a guest prints when a line without an address is in force.</summary>
    public const string ClockAnswer = "pleiad: identity";

    /// <summary>What a guest prints when an address is in force.</summary>
    public static string Answer(GuestNetwork network) => $"pleiad: identity ip={network.Ip}";

    /// <summary>The line for a guest that gets another place: address, card, the time now.</summary>
    /// <param name="network">The place.</param>
    /// <param name="seeded">Whether it has had a seed that no other guest has; else there is one in the line.</param>
    /// <param name="time">Tells the time.</param>
    public static string Line(GuestNetwork network, bool seeded, TimeProvider time) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Mark}ip={network.Ip} prefix={network.PrefixLength} gateway={network.Gateway} mac={network.Mac} {(seeded ? "" : Seed())}{Now(time)}");

    /// <summary>The line for a guest that has booted at its place: the exact time, which its hardware clock tells to the second at best, and a seed.</summary>
    public static string SeedLine(TimeProvider time) => $"{Mark}{Seed()}{Now(time)}";

    /// <summary>The line for a guest that is to know the time more exactly.</summary>
    public static string ClockLine(TimeProvider time) => $"{Mark}{Now(time)}";

    private static string Seed() => $"seed={RandomNumberGenerator.GetHexString(2 * SeedBytes, lowercase: true)} ";

    private static string Now(TimeProvider time) => string.Create(CultureInfo.InvariantCulture, $"time={UnixNanoseconds(time)}");

    private static long UnixNanoseconds(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
