using System.Text.RegularExpressions;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Doctor;

/// <summary>QEMU, the tools that build images, the shipped image, and the accelerators, each of which really starts a guest.</summary>
internal static partial class GuestChecks
{
    /// <summary>The oldest major version of QEMU that is tried by the tests.</summary>
    private const int QemuVersionMin = 7;

    public static async Task<Finding> QemuAsync(Terminal terminal, CancellationToken cancellation)
    {
        if (Tool.Find("qemu-system-x86_64") is not { } path)
        {
            return new("qemu", Verdict.Fail, "qemu-system-x86_64 is not found", Tool.Install("qemu-system-x86"));
        }

        var answer = await Tool.RunAsync(path, ["--version"], terminal.Time, cancellation);
        return answer.Status == 0 && VersionPattern().Match(answer.Output) is { Success: true } match
            ? QemuVersion(Version.Parse(match.Groups[1].Value))
            : new("qemu", Verdict.Fail, $"{path} does not run: {answer.Output}", Tool.Install("--reinstall", "qemu-system-x86"));
    }

    public static Finding QemuVersion(Version version) => version.Major >= QemuVersionMin
        ? new("qemu", Verdict.Ok, $"{version}")
        : new("qemu", Verdict.Warn, $"{version}, which is older than any that is tried", $"install {QemuVersionMin}.2 or newer");

    /// <param name="find">Finds a tool.</param>
    public static Finding BuildTools(Func<string, string?> find)
    {
        var needed = ((string Tool, string Package)[])[("gcc", "gcc"), ("make", "make"), ("ld", "binutils"), ("dpkg-source", "dpkg-dev")];
        var missing = needed.Where(need => find(need.Tool) is null).ToList();
        return missing.Count == 0
            ? new("build tools", Verdict.Ok, string.Join(", ", needed.Select(need => need.Tool)))
            : new("build tools", Verdict.Warn, $"missing: {string.Join(", ", missing.Select(need => need.Tool))}; images cannot be built{(missing.Exists(need => need.Tool == "gcc") ? ", and clones share less memory" : "")}", Tool.Install([.. missing.Select(need => need.Package)]));
    }

    /// <summary>The shipped image, built now when it is not there, and each accelerator tried with it.</summary>
    public static async Task<IReadOnlyList<Finding>> AcceleratorsAsync(Terminal terminal, string data, CancellationToken cancellation)
    {
        var store = new ImageStore(DataDirectory.ImagesOf(data), terminal.Time);
        StoredImage image;
        try
        {
            var builder = new UnikernelBuilder(store, new UnikernelBuilderOptions { CacheDirectory = DataDirectory.CacheOf(data) }, terminal.Time);
            image = await builder.EnsureShippedAsync(ShippedImages.Primes.Name, new Steps(terminal), cancellation);
        }
        catch (Exception error) when (error is ImageBuildException or ImageStoreException)
        {
            return [new("image", Verdict.Fail, error.Message.ReplaceLineEndings(" "), "pleiad image build"), NotTried("kvm"), NotTried("tcg")];
        }

        var there = new Finding("image", Verdict.Ok, $"{image.Manifest.Name}, {Figures.Bytes(image.Bytes)}");
        try
        {
            // Without the cache: what worked once may not work now.
            var probe = await AcceleratorProbe.ProbeAsync(image.Manifest.Kernel, cacheDirectory: null, terminal.Time, cancellation);
            return [there, .. Accelerators(probe)];
        }
        catch (MachineHostException error)
        {
            return [there, new("kvm", Verdict.Warn, $"not tried: {error.Message}"), new("tcg", Verdict.Fail, $"not tried: {error.Message}", Tool.Install("qemu-system-x86"))];
        }
    }

    public static IEnumerable<Finding> Accelerators(ProbeResult probe)
    {
        var kvm = probe.Attempts.FirstOrDefault(attempt => attempt.Accelerator == "kvm");
        var tcg = probe.Attempts.FirstOrDefault(attempt => attempt.Accelerator == "tcg");
        yield return kvm is { Works: true }
            ? new("kvm", Verdict.Ok, kvm.Outcome)
            : new("kvm", Verdict.Warn, $"{(kvm is null ? "not tried" : Full(kvm))}; machines are emulated, which is slower", KvmRemedy(kvm));
        yield return tcg switch
        {
            { Works: true } => new("tcg", Verdict.Ok, tcg.Outcome),
            null => new("tcg", Verdict.Ok, "not needed: kvm works"),
            _ => new("tcg", Verdict.Fail, Full(tcg), Tool.Install("--reinstall", "qemu-system-x86")),
        };
    }

    private static string KvmRemedy(ProbeAttempt? kvm) => kvm?.Outcome == AcceleratorProbe.KvmForbidden
        ? "sudo usermod -aG kvm \"$USER\", then log in again"
        : "use a host with hardware virtualization, or nested virtualization switched on";

    private static string Full(ProbeAttempt attempt) => attempt.Detail is null ? attempt.Outcome : $"{attempt.Outcome}: {attempt.Detail}";

    private static Finding NotTried(string accelerator) => new(accelerator, Verdict.Warn, "not tried: there is no guest to try it with", "pleiad image build");

    [GeneratedRegex(@"version (\d+\.\d+(\.\d+)?)")]
    private static partial Regex VersionPattern();
}
