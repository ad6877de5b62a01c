using System.Globalization;
using Pleiad.Cli.Running;

namespace Pleiad.Cli.Doctor;

/// <summary>Whether machines can have a network namespace of their own. Without one they use QEMU's user-mode network, so nothing here is worse than a warning.</summary>
internal static class NetworkChecks
{
    private const int CapNetAdmin = 12;
    private const int CapSysAdmin = 21;

    /// <param name="status">Text of <c>/proc/self/status</c>.</param>
    public static Finding Privileges(string status)
    {
        const string Label = "CapEff:";
        var line = status.Split('\n').FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal)) ?? Label;
        _ = ulong.TryParse(line.AsSpan(Label.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var held);
        var needed = ((int Bit, string Name)[])[(CapNetAdmin, "CAP_NET_ADMIN"), (CapSysAdmin, "CAP_SYS_ADMIN")];
        var lacking = needed.Where(capability => (held & (1UL << capability.Bit)) == 0).Select(capability => capability.Name).ToList();
        return lacking.Count == 0
            ? new("privileges", Verdict.Ok, "CAP_NET_ADMIN and CAP_SYS_ADMIN")
            : new("privileges", Verdict.Warn, $"no {string.Join(", no ", lacking)}: machines use QEMU's user-mode network", "run as root for a network of the machines' own");
    }

    public static Finding Ip(string? path) => path is not null
        ? new("ip", Verdict.Ok, path)
        : new("ip", Verdict.Warn, "not found: machines use QEMU's user-mode network", Tool.Install("iproute2"));

    /// <param name="find">Finds a tool.</param>
    public static Finding Dhcp(Func<string, string?> find) => (find("dnsmasq"), find("setpriv")) switch
    {
        (null, _) => new("dhcp", Verdict.Warn, "dnsmasq is not found: images with 'address: dhcp' do not start in a network namespace", Tool.Install("dnsmasq-base")),
        (_, null) => new("dhcp", Verdict.Warn, "setpriv is not found: images with 'address: dhcp' do not start in a network namespace", Tool.Install("util-linux")),
        ({ } path, _) => new("dhcp", Verdict.Ok, path),
    };

    public static Finding Tun()
    {
        try
        {
            File.Open("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite).Dispose();
            return new("/dev/net/tun", Verdict.Ok, "opens");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new("/dev/net/tun", Verdict.Warn, $"does not open ({error.Message})", File.Exists("/dev/net/tun") ? "run as root" : "modprobe tun");
        }
    }

    /// <summary>Really makes a namespace with a bridge in it, and removes it.</summary>
    public static async Task<Finding> NamespaceAsync(Terminal terminal, string? ip, CancellationToken cancellation)
    {
        if (ip is null)
        {
            return new("namespace", Verdict.Warn, "not tried: ip is missing", Tool.Install("iproute2"));
        }

        var name = $"pleiad-doctor-{Environment.ProcessId}";
        var made = await Tool.RunAsync(ip, ["netns", "add", name], terminal.Time, cancellation);
        if (made.Status != 0)
        {
            return new("namespace", Verdict.Warn, $"cannot be made: {made.Output}", "run as root");
        }

        ToolAnswer bridge, removed;
        try
        {
            bridge = await Tool.RunAsync(ip, ["-netns", name, "link", "add", "bridge0", "type", "bridge"], terminal.Time, cancellation);
        }
        finally
        {
            removed = await Tool.RunAsync(ip, ["netns", "delete", name], terminal.Time, CancellationToken.None);
        }

        return (bridge.Status, removed.Status) switch
        {
            (0, 0) => new("namespace", Verdict.Ok, "made with a bridge, and removed"),
            (0, _) => new("namespace", Verdict.Warn, $"{name} was made, but cannot be removed: {removed.Output}", $"ip netns delete {name}"),
            _ => new("namespace", Verdict.Warn, $"a bridge cannot be made in it: {bridge.Output}", "modprobe bridge"),
        };
    }
}
