using System.ComponentModel;
using System.Text.RegularExpressions;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Qemu;

/// <summary>The QEMU found on this host.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Version">For example <c>7.2.22</c>.</param>
internal sealed partial record QemuProgram(string Path, string Version)
{
    private const string Name = "qemu-system-x86_64";
    private static readonly TimeSpan VersionTimeMax = TimeSpan.FromSeconds(10);

    /// <summary>Finds QEMU.</summary>
    /// <param name="path">Its path, or null to look for it in PATH.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="MachineHostException">There is none, or it does not run.</exception>
    public static async Task<QemuProgram> FindAsync(string? path, CancellationToken cancellation)
    {
        var found = path ?? Programs.Find(Name)
            ?? throw new MachineHostException(MachineHostFault.QemuMissing, $"{Name} is not in PATH; on Debian: apt-get install --no-install-recommends qemu-system-x86");
        try
        {
            var output = await Programs.RunAsync(found, ["--version"], "", VersionTimeMax, cancellation);
            return VersionPattern().Match(output) is { Success: true } match
                ? new QemuProgram(found, match.Groups[1].Value)
                : throw new MachineHostException(MachineHostFault.QemuMissing, $"{found} --version does not name a version: {output.Trim()}");
        }
        catch (Exception e) when (e is Win32Exception or ProgramException)
        {
            throw new MachineHostException(MachineHostFault.QemuMissing, $"{found} cannot be run: {e.Message}", e);
        }
    }

    [GeneratedRegex(@"version (\d+(\.\d+)+)")]
    private static partial Regex VersionPattern();
}
