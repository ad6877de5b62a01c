using System.Globalization;
using System.Security.Cryptography;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>What a guest is told over its serial line so that it is no copy of another; docs/clones.md has the protocol.</summary>
internal static class GuestIdentity
{
    /// <summary>Longest line a guest must read, its end not counted.</summary>
    public const int LineBytesMax = 255;

    private const string Mark = HeadAtHome + " 1 ";
    private const int SeedBytes = 32;

    /// <summary>What a guest prints when a line without an address is in force.</summary>
    public const string ClockAnswer = "pleiad: identity";

    /// <summary>What a guest prints when an address is in force.</summary>
    public static string Answer(GuestNetwork network) => $"pleiad: identity ip={network.Ip}";

    /// <summary>The line for a guest that gets a place of its own: address, card, a seed, the time now.</summary>
    public static string Line(GuestNetwork network, TimeProvider time) => $"{Head(network)}{Seed()}{Rest(network, time)}";

    /// <summary>The beginning of a line that <see cref="Rest"/> ends: what holds for every place of the network.</summary>
    public static string Head(GuestNetwork network) => string.Create(CultureInfo.InvariantCulture, $"{Mark}prefix={network.PrefixLength} gateway={network.Gateway} ");

    /// <summary>The end of a line: what holds for this place and now. No seed, so only for a guest that has had one of its own.</summary>
    public static string Rest(GuestNetwork network, TimeProvider time) => $"ip={network.Ip} mac={network.Mac} {Now(time)}";

    /// <summary>The beginning of a line that <see cref="RestAtHome"/> ends, or <see cref="RestAway"/>.</summary>
    /// <remarks>
    /// Cut so that <see cref="RestAtHome"/> with its end has 28 bytes, twice what Linux takes from its serial port at once (14): what does not fill that waits for more until a time is
    /// up, so that 20 bytes take longer than 28.
    /// </remarks>
    public const string HeadAtHome = "pleiad-identity";

    /// <summary>The end of a line for a guest that stays where it is.</summary>
    public static string RestAtHome(TimeProvider time) => $" 1 {Now(time)}";

    /// <summary>The end of a line for a guest that was to stay where it is, and goes elsewhere after all.</summary>
    public static string RestAway(GuestNetwork network, TimeProvider time) =>
        string.Create(CultureInfo.InvariantCulture, $" 1 ip={network.Ip} prefix={network.PrefixLength} gateway={network.Gateway} mac={network.Mac} {Now(time)}");

    /// <summary>The line for a guest that has booted at its place: the exact time, which its hardware clock tells to the second at best, and a seed.</summary>
    public static string SeedLine(TimeProvider time) => $"{Mark}{Seed()}{Now(time)}";

    /// <summary>The line for a guest that is to know the time more exactly.</summary>
    public static string ClockLine(TimeProvider time) => $"{Mark}{Now(time)}";

    private static string Seed() => $"seed={RandomNumberGenerator.GetHexString(2 * SeedBytes, lowercase: true)} ";

    private static string Now(TimeProvider time) => string.Create(CultureInfo.InvariantCulture, $"time={UnixNanoseconds(time)}");

    private static long UnixNanoseconds(TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
