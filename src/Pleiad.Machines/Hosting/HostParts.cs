using Microsoft.Extensions.Logging;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>What a host is made of, found out and made before it opens.</summary>
internal sealed record HostParts(
    MachineHostOptions Options, MachineFiles Files, MachineMark Mark, QemuProgram Qemu, IMachineNetwork Network, Launcher Launcher, ProcessWatch Watch, HostCapabilities Capabilities, TimeProvider Time, ILogger Log)
{
    private const int AddressesMax = 65_000;
    private const nint Ignore = 1; // SIG_IGN

    /// <summary>Finds and makes the parts.</summary>
    /// <exception cref="MachineHostException">One cannot be had.</exception>
    public static async Task<HostParts> MakeAsync(MachineHostOptions options, string? qemuPath, ILoggerFactory loggers, TimeProvider time, CancellationToken cancellation)
    {
        Validate(options);
        var log = loggers.CreateLogger("Pleiad.Machines.Host");
        var files = new MachineFiles(options.Directory);
        try
        {
            files.Create();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineHostException(MachineHostFault.BadOption, $"the machines' directory {files.Root} cannot be made: {e.Message}", e);
        }

        // So that a full log bounds itself (SerialLog): a write beyond the limit then fails in QEMU, which inherits this, instead of ending it.
        _ = ProcessCalls.Signal(ProcessCalls.SigExceededFileSize, Ignore);
        var qemu = await QemuProgram.FindAsync(qemuPath, cancellation);
        var (accelerator, reason) = await ChooseAcceleratorAsync(qemu, options, time, cancellation);
        var choice = NetworkChoice.Make(options.Network);
        IMachineNetwork network = choice.Mode is NetworkMode.Namespace
            ? await NamespaceNetwork.OpenAsync(choice.Ip!, options.Namespace, options.AddressCount, cancellation)
            : UserNetwork.Open(options.AddressCount, files.Root, PortsLeft(files));
        var mark = new MachineMark(files.Root);
        var watch = new ProcessWatch();
        try
        {
            var launcher = Launcher.Open(
                await LauncherParts.MakeAsync(files.Root, mark.GroupName, qemu.Path, choice.Mode), mark.FindAll().Select(found => found.Process), watch, time);
            var capabilities = new HostCapabilities(accelerator, reason, choice.Mode, choice.Reason, qemu.Version) { Protections = launcher.Protections };
            log.Opened(qemu.Version, accelerator, reason, choice.Mode, choice.Reason);
            foreach (var missing in launcher.Protections.Where(protection => !protection.Holds))
            {
                log.Unprotected(missing.Name, missing.Detail, missing.Remedy ?? "");
            }

            return new HostParts(options, files, mark, qemu, network, launcher, watch, capabilities, time, log);
        }
        catch
        {
            watch.Dispose();
            await network.DisposeAsync();
            throw;
        }
    }

    private static async Task<(string Accelerator, string Reason)> ChooseAcceleratorAsync(QemuProgram qemu, MachineHostOptions options, TimeProvider time, CancellationToken cancellation)
    {
        if (options.Accelerator is { } forced)
        {
            // kvm is tried all the same: a /dev/kvm that hangs would otherwise show only by machines that do not start. tcg is a part of every QEMU.
            return forced == "kvm"
                ? (forced, $"kvm: asked for; {(await AcceleratorProbe.ProbeForcedAsync(qemu, options.ProbeKernel, forced, time, cancellation)).Outcome}")
                : (forced, $"{forced}: asked for");
        }

        var result = await AcceleratorProbe.ProbeAsync(qemu, options.ProbeKernel, options.CacheDirectory, time, cancellation);
        return result.Accelerator is { } found
            ? (found, result.Reason)
            : throw new MachineHostException(MachineHostFault.NoAccelerator, $"no accelerator starts a guest here: {result.Reason}; 'pleiad doctor' has the details");
    }

    /// <summary>Loopback ports of machines that an earlier run left.</summary>
    private static IEnumerable<int> PortsLeft(MachineFiles files) =>
        files.Present()
            .Select(machine => MachineRecord.Read(files.RecordOf(machine), out _))
            .Where(record => record is { Network: NetworkMode.User })
            .Select(record => record!.Port);

    private static void Validate(MachineHostOptions options)
    {
        var problems = new List<string>();
        Check(options.Directory.Length > 0, "Directory: must not be empty");
        Check(IsNamespaceName(options.Namespace), $"Namespace: '{options.Namespace}' must be 1 to 64 of a-z, A-Z, 0-9, '-', '_'");
        Check(options.AddressCount is >= 1 and <= AddressesMax, $"AddressCount: {options.AddressCount} is not from 1 to {AddressesMax}");
        Check(options.HealthInterval >= TimeSpan.FromMilliseconds(50) && options.HealthInterval <= TimeSpan.FromMinutes(1), $"HealthInterval: {options.HealthInterval} is not from 50 ms to 1 min");
        Check(options.LogBytesMax is >= 4096 and <= 1 << 30, $"LogBytesMax: {options.LogBytesMax} is not from 4096 to {1 << 30}");
        Check(options.LogsKeptMax >= 0, $"LogsKeptMax: {options.LogsKeptMax} is negative");
        Check(options.StartsMax is >= 1 and <= 1024, $"StartsMax: {options.StartsMax} is not from 1 to 1024");
        Check(options.SparesMax is >= 0 and <= 200, $"SparesMax: {options.SparesMax} is not from 0 to 200");
        Check(options.Accelerator is null or "kvm" or "tcg", $"Accelerator: '{options.Accelerator}' is neither kvm nor tcg");
        if (problems.Count > 0)
        {
            throw new MachineHostException(MachineHostFault.BadOption, string.Join("; ", problems));
        }

        void Check(bool good, string problem)
        {
            if (!good)
            {
                problems.Add(problem);
            }
        }
    }

    private static bool IsNamespaceName(string name) =>
        name.Length is >= 1 and <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') && name[0] != '-';
}
