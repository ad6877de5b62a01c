using System.ComponentModel;
using System.Globalization;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Networks;

/// <summary>Which network mode this process can have, and why.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="Reason">Why, in a few words.</param>
/// <param name="Ip">Path of <c>ip</c> for a namespace.</param>
internal sealed record NetworkChoice(NetworkMode Mode, string Reason, string? Ip)
{
    private const int CapNetAdmin = 12;
    private const int CapSysAdmin = 21;

    /// <summary>Looks at privileges and tools.</summary>
    /// <param name="forced">The mode asked for, or null for the best there is.</param>
    /// <exception cref="MachineHostException">A namespace is asked for and cannot be had.</exception>
    public static NetworkChoice Make(NetworkMode? forced)
    {
        if (forced is NetworkMode.User)
        {
            return new NetworkChoice(NetworkMode.User, "asked for", null);
        }

        var ip = Programs.Find("ip");
        var lacking = Lacking(ip);
        return (lacking, forced) switch
        {
            (null, null) => new NetworkChoice(NetworkMode.Namespace, "privileges, ip and /dev/net/tun are there", ip),
            (null, _) => new NetworkChoice(NetworkMode.Namespace, "asked for", ip),
            (_, null) => new NetworkChoice(NetworkMode.User, $"no network namespace: {lacking}", null),
            _ => throw new MachineHostException(MachineHostFault.Network, $"a network namespace is asked for, but {lacking}"),
        };
    }

    private static string? Lacking(string? ip)
    {
        var capabilities = EffectiveCapabilities();
        if ((capabilities & (1UL << CapSysAdmin)) == 0 || (capabilities & (1UL << CapNetAdmin)) == 0)
        {
            return "CAP_SYS_ADMIN and CAP_NET_ADMIN are needed; run as root";
        }

        if (ip is null)
        {
            return "ip is not found; on Debian: apt-get install --no-install-recommends iproute2";
        }

        try
        {
            NetworkCalls.Open("/dev/net/tun", NetworkCalls.OpenReadWrite).Dispose();
            return null;
        }
        catch (Win32Exception e)
        {
            return $"{e.Message}; load the module: modprobe tun";
        }
    }

    private static ulong EffectiveCapabilities()
    {
        const string Label = "CapEff:";
        var line = File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal));
        return line is not null && ulong.TryParse(line.AsSpan(Label.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) ? bits : 0;
    }
}
