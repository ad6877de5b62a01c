using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Qemu;

/// <summary>What a guest is told of its network.</summary>
/// <param name="Ip">Its address.</param>
/// <param name="PrefixLength">Length of the network's prefix, 0–32.</param>
/// <param name="Gateway">The gateway's address.</param>
/// <param name="Mac">Its card's address.</param>
/// <param name="Port">TCP port of its service.</param>
internal sealed record GuestNetwork(IPAddress Ip, int PrefixLength, IPAddress Gateway, string Mac, int Port);

/// <summary>Fills an image's command line template.</summary>
internal static partial class KernelCommandLine
{
    /// <summary>Replaces <c>{ip}</c>, <c>{prefix}</c>, <c>{gateway}</c>, <c>{netmask}</c>, <c>{mac}</c> and <c>{port}</c>; all else stays as it is. Empty for a guest that asks by DHCP.</summary>
    public static string Render(string template, GuestNetwork network) => AddressTemplate.IsDhcp(template) ? "" : Placeholder().Replace(template, match => match.Groups[1].Value switch
    {
        "ip" => network.Ip.ToString(),
        "prefix" => network.PrefixLength.ToString(CultureInfo.InvariantCulture),
        "gateway" => network.Gateway.ToString(),
        "netmask" => Netmask(network.PrefixLength),
        "mac" => network.Mac,
        "port" => network.Port.ToString(CultureInfo.InvariantCulture),
        _ => match.Value,
    });

    private static string Netmask(int prefixLength)
    {
        var bits = prefixLength == 0 ? 0 : uint.MaxValue << (32 - prefixLength);
        return string.Create(CultureInfo.InvariantCulture, $"{bits >> 24}.{(bits >> 16) & 0xff}.{(bits >> 8) & 0xff}.{bits & 0xff}");
    }

    [GeneratedRegex(@"\{([a-z]+)\}")]
    private static partial Regex Placeholder();
}
