using System.Globalization;
using System.Security.Cryptography;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>What a guest is told over its serial line so that it is no copy of another; docs/clones.md has the protocol.</summary>
internal static class GuestIdentity
{
    /// <summary>Longest line a guest must read, its end not counted.</summary>
    public const int LineBytesMax = 255;

    private const int SeedBytes = 32;

    /// <summary>What a guest prints when a line without an address is in force.</summary>
    public const string ClockAnswer = "pleiad: identity";

    /// <summary>What a guest prints when an address is in force.</summary>
    public static string Answer(GuestNetwork network) => $"pleiad: identity ip={network.Ip}";

    /// <summary>The line for a guest that gets a place of its own: address, card, a fresh seed, the time now.</summary>
    public static string Line(GuestNetwork network, TimeProvider time) => string.Create(
        CultureInfo.InvariantCulture,
        $"pleiad-identity 1 ip={network.Ip} prefix={network.PrefixLength} gateway={network.Gateway} mac={network.Mac} seed={Seed()} time={UnixNanoseconds(time)}");

    /// <summary>The line for a guest that has booted at its place: the exact time, which its hardware clock tells to the second at best, and a seed.</summary>
    public static string ClockLine(TimeProvider time) => string.Create(CultureInfo.InvariantCulture, $"pleiad-identity 1 seed={Seed()} time={UnixNanoseconds(time)}");

    private static string Seed() => RandomNumberGenerator.GetHexString(2 * SeedBytes, lowercase: true);

    private static long UnixNanoseconds(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
