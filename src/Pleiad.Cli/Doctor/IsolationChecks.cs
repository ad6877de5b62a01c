using Pleiad.Cli.Running;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Isolation;

namespace Pleiad.Cli.Doctor;

/// <summary>How QEMU is shut in here. Machines run without any of it, so nothing here is worse than a warning.</summary>
internal static class IsolationChecks
{
    public static async Task<IEnumerable<Finding>> AllAsync(Terminal terminal, CancellationToken cancellation)
    {
        try
        {
            return Findings(await IsolationProbe.LookAsync(terminal.Time, cancellation));
        }
        catch (MachineHostException error)
        {
            return [new("isolation", Verdict.Warn, $"not tried: {error.Message}", error.Fault == MachineHostFault.QemuMissing ? Tool.Install("qemu-system-x86") : null)];
        }
    }

    public static IEnumerable<Finding> Findings(IEnumerable<Protection> protections) =>
        protections.Select(protection => new Finding($"shut in: {protection.Name}", protection.Holds ? Verdict.Ok : Verdict.Warn, protection.Detail, protection.Remedy));
}
