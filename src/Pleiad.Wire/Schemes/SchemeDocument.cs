using System.Globalization;
using System.Text;
using Pleiad.Core.Documents;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Schemes;

/// <summary>Reads and writes a scheme as YAML.</summary>
public static class SchemeDocument
{
    private const int ReplicasMax = 10_000;

    /// <summary>Reads a scheme.</summary>
    /// <param name="text">YAML or JSON: <c>tiers: [{ name, address | addresses, port | ports, replicas, calls }]</c>.</param>
    /// <param name="subject">What to call it in errors.</param>
    /// <exception cref="InvalidInputException">With every problem found.</exception>
    public static Scheme Parse(string text, string subject = "scheme.yaml")
    {
        var map = DocumentMap.Parse(text, subject);
        var maps = map.Maps("tiers");
        if (maps.Count is 0 or > Scheme.TiersMax && map.LineOf("tiers") is not null)
        {
            map.Problem("tiers", $"{maps.Count} tiers", "is not possible", $"give 1 to {Scheme.TiersMax} tiers, from the front to the back");
        }
        else if (maps.Count == 0)
        {
            map.Problem("tiers", null, "is missing", "give a list of tiers, from the front to the back");
        }

        var tiers = maps.Select(ReadTier).ToList();
        for (var index = 0; index < tiers.Count; index++)
        {
            CheckNames(maps[index], tiers, index);
        }

        CheckCircles(map, tiers);
        map.Finish();
        return new Scheme(tiers);
    }

    /// <summary>Writes a scheme so that <see cref="Parse"/> reads the same.</summary>
    public static string Write(Scheme scheme)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        var text = new StringBuilder("tiers:\n");
        foreach (var tier in scheme.Tiers)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: {tier.Name}\n");
            Append(text, "address", "addresses", tier.Addresses);
            Append(text, "port", "ports", [.. tier.Ports.Select(port => port.ToString(CultureInfo.InvariantCulture))]);
            if (tier.Replicas is { } replicas)
            {
                text.Append(CultureInfo.InvariantCulture, $"    replicas: {replicas}\n");
            }

            if (tier.Calls is { } calls)
            {
                text.Append(CultureInfo.InvariantCulture, $"    calls: [{string.Join(", ", calls)}]\n");
            }
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string one, string several, IReadOnlyList<string> values)
    {
        if (values.Count > 0)
        {
            var quoted = values.Select(value => value.Contains(':', StringComparison.Ordinal) ? $"\"{value}\"" : value).ToList();
            text.Append(values.Count == 1 ? $"    {one}: {quoted[0]}\n" : $"    {several}: [{string.Join(", ", quoted)}]\n");
        }
    }

    private static SchemeTier ReadTier(DocumentMap map) => new(map.Text("name", required: true, IsName, "give letters, digits, '-' and '_'") ?? "")
    {
        Addresses = Addresses(map),
        Ports = Ports(map),
        Replicas = (int?)map.WholeNumber("replicas", 1, ReplicasMax),
        Calls = map.TextList("calls") is var calls && map.Has("calls") ? calls : null,
    };

    private static List<string> Addresses(DocumentMap map)
    {
        var addresses = map.TextList("addresses").ToList();
        if (map.Text("address") is { } single)
        {
            addresses.Add(single);
        }

        foreach (var address in addresses.Where(address => !NetAddress.TryParse(address, out _)))
        {
            map.Problem(map.Has("address") ? "address" : "addresses", address, "is no IP address", "give addresses like 10.0.0.1 or fd00::1; leave it out for any");
        }

        return addresses;
    }

    private static List<int> Ports(DocumentMap map)
    {
        var ports = new List<int>();
        if (map.WholeNumber("port", 1, 65535) is { } single)
        {
            ports.Add((int)single);
        }

        foreach (var text in map.TextList("ports"))
        {
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536)
            {
                ports.Add(port);
            }
            else
            {
                map.Problem("ports", text, "is no port", "give numbers from 1 to 65535");
            }
        }

        return ports;
    }

    private static void CheckNames(DocumentMap map, List<SchemeTier> tiers, int index)
    {
        var tier = tiers[index];
        if (tiers.Take(index).Any(other => other.Name == tier.Name && tier.Name.Length > 0))
        {
            map.Problem("name", tier.Name, "is there twice", "give each tier a name of its own");
        }

        if (tier.Addresses.Count == 0 && tier.Ports.Count == 0)
        {
            map.Problem("address", null, "is missing", "give an address, a port, or both, or nothing tells the tier's traffic from others'");
        }

        foreach (var called in (tier.Calls ?? []).Where(called => tiers.All(other => other.Name != called) || called == tier.Name))
        {
            map.Problem("calls", called, "is no other tier of this scheme", $"give names of tiers: {string.Join(", ", tiers.Select(other => other.Name).Where(name => name != tier.Name))}");
        }
    }

    private static void CheckCircles(DocumentMap map, List<SchemeTier> tiers)
    {
        for (var index = 0; index < tiers.Count; index++)
        {
            foreach (var called in tiers[index].Calls ?? [])
            {
                if (tiers.FindIndex(other => other.Name == called) is >= 0 and var target && target < index)
                {
                    map.Problem("tiers", called, $"is called by '{tiers[index].Name}' but stands before it", "list the tiers so that each stands before those it calls");
                }
            }
        }
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');
}
