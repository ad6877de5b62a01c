using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Text;

namespace Pleiad.Machines.Networks;

/// <summary>What dnsmasq is told: who gets which address. Pure.</summary>
/// <param name="Interface">The bridge it listens on.</param>
/// <param name="Network">Address of the network.</param>
/// <param name="Netmask">Its mask.</param>
/// <param name="Gateway">Given to guests as their router.</param>
internal sealed record DhcpConfiguration(string Interface, IPAddress Network, IPAddress Netmask, IPAddress Gateway)
{
    /// <summary>The configuration file.</summary>
    /// <remarks>
    /// A card's address is made of its machine's, so every lease there can be is known beforehand and stands in the file from the start: none has to be entered
    /// before a machine starts, or taken out after it. Leases do not end, so a machine keeps its address while no Pleiad, and so no server, runs.
    /// </remarks>
    /// <param name="leases">Every card that may ask, and its address.</param>
    public string Write(IEnumerable<(PhysicalAddress Card, IPAddress Ip)> leases)
    {
        var text = new StringBuilder($"""
            keep-in-foreground
            log-facility=-
            pid-file
            port=0
            no-resolv
            no-hosts
            no-ping
            leasefile-ro
            interface={Interface}
            except-interface=lo
            bind-interfaces
            dhcp-authoritative
            dhcp-range={Network},static,{Netmask},infinite
            dhcp-option=option:router,{Gateway}

            """.ReplaceLineEndings("\n"));
        foreach (var (card, ip) in leases)
        {
            text.Append(CultureInfo.InvariantCulture, $"dhcp-host={NamespaceNetwork.TextOf(card)},{ip}\n");
        }

        return text.ToString();
    }
}
