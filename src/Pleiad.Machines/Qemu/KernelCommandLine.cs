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
    /// <summary>What every Linux machine is told. A panic ends the machine, and with it QEMU; the self-tests of cryptography take a quarter of the start.</summary>
    private const string LinuxWords = "console=ttyS0 quiet panic=-1 cryptomgr.notests";

    /// <summary>The whole command line of a machine.</summary>
    /// <param name="image">Its image.</param>
    /// <param name="network">What it is told of its network.</param>
    /// <param name="clock">Tells what a Linux guest is told of the time stamp counter; see <see cref="TimestampCounter.KernelArguments"/>.</param>
    public static string Of(ImageManifest image, GuestNetwork network, Func<string> clock)
    {
        var address = Render(image.Address, network);
        if (image.Kind == ImageKind.Unikernel)
        {
            return $"{address} {image.Arguments}".Trim();
        }

        var root = image is { Kind: ImageKind.Disk, Initramfs: null } ? KernelRoot : image.Kind == ImageKind.Disk ? InitRoot : "";
        return string.Join(' ', ((string[])[LinuxWords, clock(), root, address, .. image.Environment.Words, image.Arguments]).Where(words => words.Length > 0));
    }

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

    // Behind an initramfs the shipped init makes the disk the root; without one the kernel does, and runs the disk's own init.
    private const string InitRoot = "pleiad.root=vda";
    private const string KernelRoot = "root=/dev/vda rw";

    [GeneratedRegex(@"\{([a-z]+)\}")]
    private static partial Regex Placeholder();
}
