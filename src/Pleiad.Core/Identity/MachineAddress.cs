using System.Globalization;
using System.Net;

namespace Pleiad.Core.Identity;

/// <summary>Where a machine's service answers.</summary>
/// <param name="Ip">Address inside the machines' network, or the loopback address under user-mode networking.</param>
/// <param name="Port">TCP port, 1–65535.</param>
public readonly record struct MachineAddress(IPAddress Ip, int Port)
{
    /// <summary>As an authority of a URL, for example <c>10.77.0.2:8080</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Ip}:{Port}");
}
